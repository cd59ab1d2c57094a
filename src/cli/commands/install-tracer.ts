import { installTracer, uninstallTracer } from '../../session/elevation/install-tracer';
import { INSTALL_FOLDER } from '../../session/elevation/installed-tracer';
import { findNode } from '../../session/elevation/real-node';
import type { RootOptions } from '../../session/elevation/run-as-root';
import { print } from '../print/terminal';
import { terminalUi } from '../workplace/elevation-prompt';
import { OWN_TRACER } from '../workplace/paths';
import { debugLog } from '../workplace/workplace';

/** `bpfw install-tracer`: installs a copy of the tracer owned by root, which bpfw and VS Code then use. */
export async function installTracerCommand(): Promise<void> {
  const node = await findNode(undefined, process.env);
  const folder = await installTracer({ ...rootOptions(), own: OWN_TRACER, node });
  print(`Installed tracer ${OWN_TRACER.version} in ${folder}. It is used from now on.`);
}

/** `bpfw uninstall-tracer`. */
export async function uninstallTracerCommand(): Promise<void> {
  await uninstallTracer(rootOptions());
  print(`Removed ${INSTALL_FOLDER} and its polkit policy.`);
}

function rootOptions(): RootOptions {
  return { elevation: 'auto', ui: terminalUi(), log: debugLog };
}
