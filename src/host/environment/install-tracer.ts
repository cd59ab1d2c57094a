/** BPF: Install Tracer and BPF: Uninstall Tracer: the user is told what is about to happen, then asked for root. */
import { installTracer, uninstallTracer } from '../../session/elevation/install-tracer';
import { INSTALL_FOLDER, type OwnTracer } from '../../session/elevation/installed-tracer';
import { findNode } from '../../session/elevation/real-node';
import type { RootOptions } from '../../session/elevation/run-as-root';
import { Cancelled } from '../errors';
import type { Log } from '../log';
import { ElevationPrompt } from '../sessions/elevation-prompt';
import { settings } from '../settings';
import { askModal, notify, withProgress } from '../ui/messages';

/** Asks, installs, says so. Throws Cancelled, SessionError. */
export async function confirmAndInstallTracer(own: OwnTracer, log: Log): Promise<void> {
  await confirm('Install', `Install the BPF tracer in ${INSTALL_FOLDER}?`, [
    'Root gets a copy of the tracer and of the Node.js that runs it. Only that copy gets rights from then on, so nothing that runs as you can change what does.',
    'With pkexec, polkit asks for it in a dialog of its own, and not again for a few minutes.',
    'BPF: Uninstall Tracer removes all of it.',
  ]);
  const folder = await working('installing the tracer', async () =>
    installTracer({
      ...rootOptions('to install the BPF tracer', log),
      own,
      node: await findNode(settings.nodePath(), process.env),
    }),
  );
  void notify('information', `The tracer is installed in ${folder} and used from now on.`);
}

/** Asks, removes, says so. Throws Cancelled, SessionError. */
export async function confirmAndUninstallTracer(log: Log): Promise<void> {
  await confirm('Uninstall', `Remove ${INSTALL_FOLDER} and its polkit policy?`, [
    'The tracer that comes with the extension is used from then on. Sessions that run go on.',
  ]);
  await working('removing the tracer', async () =>
    uninstallTracer(rootOptions('to remove the BPF tracer', log)),
  );
  void notify('information', 'The installed tracer is removed.');
}

async function confirm(button: string, question: string, detail: readonly string[]): Promise<void> {
  const paragraphs = detail.flatMap((text, index) => (index === 0 ? [text] : ['', text]));
  const answer = await askModal('information', { message: question, detail: paragraphs }, button);
  if (answer !== button) throw new Cancelled();
}

function working<T>(what: string, work: () => Promise<T>): Thenable<T> {
  return withProgress({ where: 'notification', title: `BPF: ${what}` }, work);
}

function rootOptions(purpose: string, log: Log): RootOptions {
  return {
    elevation: settings.elevation(),
    ui: new ElevationPrompt(purpose),
    log: line => log.info(line),
  };
}
