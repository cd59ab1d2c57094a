/** The session's title, state and losses, as every panel shows them, and the view without a session. */
import type { Drops } from '../../src/shared/decode/model';
import type { FromWebview, SessionState, SessionSummary } from '../../src/shared/protocol/webview';
import { element, icon, setText } from './dom';
import { formatCount } from './quantity';
import { button } from './toolkit';

type Command = Extract<FromWebview, { type: 'command' }>['command'];

const STATES: Readonly<Record<SessionState, readonly [icon: string, text: string]>> = {
  starting: ['loading', 'Starting'],
  running: ['circle-filled', 'Running'],
  ended: ['debug-stop', 'Ended'],
  failed: ['error', 'Failed'],
};

/** Where records can be lost, and what to do. */
const LOSS_PLACES: Readonly<Record<keyof Drops, string>> = {
  kernel: 'in the kernel, where the buffer was full: make it larger, or filter in the program',
  tracer: 'in the tracer, which could not pass them on',
  client: 'in the editor',
};

export interface SessionBar {
  /** For the start of the toolbar. */
  readonly element: HTMLElement;
  /** For the space above the content; shown if the session failed. */
  readonly banner: HTMLElement;
  session(session: SessionSummary): void;
  drops(drops: Drops): void;
}

export function createSessionBar(command: (command: Command) => void): SessionBar {
  const title = element('h1');
  const stateIcon = element('span', { 'aria-hidden': 'true' });
  const stateText = element('span');
  const state = element('span', { class: 'state', role: 'status' }, stateIcon, stateText);
  const lossText = element('span');
  const lossPlaces = element('span', { class: 'visually-hidden' });
  const loss = element('span', { class: 'loss', hidden: true }, icon('warning'), lossText, lossPlaces);
  const message = element('span');
  const banner = element(
    'div',
    { class: 'banner', role: 'alert', hidden: true },
    icon('error'),
    message,
    button({ label: 'Show Log', onClick: () => command('showLog') }),
    button({ label: 'Attach Again', onClick: () => command('attachAgain') }),
  );
  return {
    element: element('div', { class: 'group' }, title, state, loss),
    banner,
    session: session => {
      const [name, text] = STATES[session.state];
      setText(title, session.title);
      title.title = session.attached.map(({ program, attach }) => `${program} → ${attach}`).join('\n');
      stateIcon.className = `codicon codicon-${name}`;
      setText(
        stateText,
        session.state === 'ended' && session.message !== '' ? `${text}: ${session.message}` : text,
      );
      state.dataset.state = session.state;
      state.title = `on ${session.target}`;
      banner.hidden = session.state !== 'failed';
      setText(message, session.message);
    },
    drops: drops => {
      const total = drops.kernel + drops.tracer + drops.client;
      loss.hidden = total === 0;
      loss.dataset.lost = String(total);
      setText(lossText, `${formatCount(total)} lost`);
      const places = (['kernel', 'tracer', 'client'] as const)
        .filter(place => drops[place] > 0)
        .map(place => `${formatCount(drops[place])} ${LOSS_PLACES[place]}`);
      loss.title = `Records lost\n${places.join('\n')}`;
      setText(lossPlaces, `: ${places.join('; ')}`);
    },
  };
}

/** A view with nothing to show yet: the reason, and buttons for the next step. */
export function emptyView(
  text: string,
  actions: readonly { readonly label: string; readonly run: () => void }[],
  heading = '',
): HTMLElement {
  return element(
    'div',
    { class: 'empty' },
    ...(heading === '' ? [] : [element('h1', {}, heading)]),
    element('p', {}, text),
    element(
      'div',
      { class: 'actions' },
      ...actions.map((action, index) =>
        button({ label: action.label, primary: index === 0, onClick: action.run }),
      ),
    ),
  );
}

/** The empty view of a page without a session. */
export function noSessionView(trusted: boolean, command: (command: Command) => void): HTMLElement {
  return trusted
    ? emptyView(
        'Run a BPF program with ▶ above its SEC(…), or start from a template.',
        [{ label: 'New Program from Template', run: () => command('openTemplates') }],
        'No session yet',
      )
    : emptyView(
        'Programs in this folder can be read and edited, but not compiled or attached. Trust the folder to run them.',
        [
          { label: 'Manage Workspace Trust', run: () => command('manageTrust') },
          { label: 'Browse Templates', run: () => command('openTemplates') },
        ],
        'Restricted Mode',
      );
}
