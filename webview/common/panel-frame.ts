/** The frame of every panel page: toolbar with the session, banner, empty views, export. */

import type { Drops } from '../../src/shared/decode/model';
import type { FromWebview, SessionSummary } from '../../src/shared/protocol/webview';
import type { EXPORT_KINDS, ExportFormat, ExportKindId } from '../../src/shared/protocol/webview-exports';
import { element } from './dom';
import { createSessionBar, emptyView, noSessionView, type SessionBar } from './session-bar';
import { button } from './toolkit';

type Command = Extract<FromWebview, { type: 'command' }>['command'];

/** A file without a location: the host asks for it. */
export interface ExportedFile {
  readonly format: ExportFormat;
  /** Suggested name without the session's title and without an extension; '' if the title is enough. */
  readonly name: string;
  /** File extension; default: the format. */
  readonly extension?: string;
  readonly content: string | ArrayBuffer;
}

/** Makes a file of the page's content; null if there is nothing to write. */
export type Exporters<Panel extends keyof typeof EXPORT_KINDS> = Readonly<
  Record<ExportKindId<Panel>, () => ExportedFile | null | Promise<ExportedFile | null>>
>;

/** Texts of a page that has nothing to draw yet. */
export interface WaitingWords {
  /** Null: the program has data for this page. */
  readonly absent: string | null;
  readonly waiting: string;
  readonly ended: string;
}

export interface FrameParts<Panel extends keyof typeof EXPORT_KINDS> {
  /** Accessible name of the toolbar: the panel's. */
  readonly label: string;
  /** Beside the session, even while there is nothing to draw. */
  readonly always?: readonly HTMLElement[];
  /** Beside the session, on the left. */
  readonly left: readonly HTMLElement[];
  /** At the right end, before Export. */
  readonly right: readonly HTMLElement[];
  /** Between toolbar and content. */
  readonly above?: readonly HTMLElement[];
  readonly content: readonly HTMLElement[];
  readonly exporters: Exporters<Panel>;
  post(message: FromWebview): void;
}

export interface PanelFrame {
  /** The session's title; '' without one. */
  readonly title: () => string;
  noSession(trusted: boolean): void;
  /** Shows the session's state; `words` null: the content stays on screen. */
  session(session: SessionSummary, words: WaitingWords | null): void;
  drops(drops: Drops): void;
  showContent(): void;
  /** Responds to the host's export request. */
  export(kind: string): void;
}

export function createPanelFrame<Panel extends keyof typeof EXPORT_KINDS>(
  root: HTMLElement,
  parts: FrameParts<Panel>,
): PanelFrame {
  const command = (name: Command): void => parts.post({ type: 'command', command: name });
  const bar: SessionBar = createSessionBar(command);
  let title = '';
  const exporting = button({
    label: 'Export…',
    icon: 'export',
    iconOnly: true,
    onClick: () => command('export'),
  });
  const right = element('div', { class: 'group' }, ...parts.right, exporting);
  const toolbar = element(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': parts.label, hidden: true },
    bar.element,
    ...(parts.always ?? []),
    ...parts.left,
    element('span', { class: 'grow' }),
    right,
  );
  const empty = element('div', { class: 'empty-host' });
  root.append(toolbar, bar.banner, ...(parts.above ?? []), ...parts.content, empty);
  // Uses a class, so that an element hidden by the view itself stays hidden.
  for (const part of [...parts.content, ...(parts.above ?? []), ...parts.left, right])
    part.classList.add('needs-data');
  showEmpty(noSessionView(true, command));

  function showEmpty(view: HTMLElement): void {
    root.classList.add('without-data');
    empty.replaceChildren(view);
  }

  function showContent(): void {
    root.classList.remove('without-data');
    empty.replaceChildren();
  }

  function waitingView(session: SessionSummary, words: WaitingWords): HTMLElement {
    if (words.absent !== null)
      return emptyView(words.absent, [
        { label: 'New Program from Template', run: () => command('openTemplates') },
      ]);
    if (session.state === 'running' || session.state === 'starting')
      return emptyView(words.waiting, [{ label: 'Show Program', run: () => command('openProgram') }]);
    return emptyView(words.ended, [
      { label: 'Attach Again', run: () => command('attachAgain') },
      { label: 'Show Log', run: () => command('showLog') },
    ]);
  }

  async function write(kind: string): Promise<void> {
    const exporters: Readonly<Record<string, (() => unknown) | undefined>> = parts.exporters;
    const file = (await exporters[kind]?.()) as ExportedFile | null | undefined;
    if (!file) {
      parts.post({ type: 'notExported', why: '' });
      return;
    }
    const { format, name, content, extension = format } = file;
    parts.post({
      type: 'export',
      format,
      name: `${[title, name].filter(part => part !== '').join('-')}.${extension}`,
      content,
    });
  }

  return {
    title: () => title,
    noSession: trusted => {
      title = '';
      toolbar.hidden = true;
      bar.banner.hidden = true;
      showEmpty(noSessionView(trusted, command));
    },
    session: (session, words) => {
      title = session.title;
      toolbar.hidden = false;
      bar.session(session);
      if (words) showEmpty(waitingView(session, words));
    },
    drops: drops => bar.drops(drops),
    showContent,
    export: kind =>
      void write(kind).catch(error =>
        parts.post({ type: 'notExported', why: error instanceof Error ? error.message : String(error) }),
      ),
  };
}
