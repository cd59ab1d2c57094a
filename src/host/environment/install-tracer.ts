/** BPF: Install Tracer and BPF: Uninstall Tracer: explain what will happen, then ask for root. */
import { installTracer, uninstallTracer } from '../../session/elevation/install-tracer';
import { INSTALL_FOLDER, type OwnTracer } from '../../session/elevation/installed-tracer';
import { findNode } from '../../session/elevation/real-node';
import type { RootOptions } from '../../session/elevation/run-as-root';
import { Cancelled } from '../common/errors';
import type { Log } from '../common/log';
import { settings } from '../common/settings';
import { ElevationPrompt } from '../sessions/elevation-prompt';
import { askModal, notify, withProgress } from '../ui/messages';

/** Confirms with the user, installs, reports the result. Throws Cancelled, SessionError. */
export async function confirmAndInstallTracer(own: OwnTracer, log: Log): Promise<void> {
  await confirm('Install', `Install the BPF tracer in ${INSTALL_FOLDER}?`, [
    'A copy of the tracer and of the Node.js that runs it is installed, owned by root. From then on only that copy gets privileges, so no process that runs as you can change privileged code.',
    'With pkexec, polkit asks for your password in its own dialog, and not again for a few minutes.',
    'BPF: Uninstall Tracer removes all of it.',
  ]);
  const folder = await working('installing the tracer', async () =>
    installTracer({
      ...rootOptions('to install the BPF tracer', log),
      own,
      node: await findNode(settings.nodePath(), process.env),
    }),
  );
  void notify('information', `The tracer is installed in ${folder} and will be used from now on.`);
}

/** Confirms with the user, removes, reports the result. Throws Cancelled, SessionError. */
export async function confirmAndUninstallTracer(log: Log): Promise<void> {
  await confirm('Uninstall', `Remove ${INSTALL_FOLDER} and its polkit policy?`, [
    'The tracer included in the extension will be used instead. Running sessions continue.',
  ]);
  await working('removing the tracer', async () =>
    uninstallTracer(rootOptions('to remove the BPF tracer', log)),
  );
  void notify('information', 'The installed tracer was removed.');
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
