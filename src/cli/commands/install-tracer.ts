import { installHelper, uninstallHelper } from '../../session/elevation/install-tracer';
import { INSTALL_FOLDER } from '../../session/elevation/installed-tracer';
import { findNode } from '../../session/elevation/real-node';
import type { RootOptions } from '../../session/elevation/run-as-root';
import { terminalUi } from '../elevation-prompt';
import { OWN_HELPER } from '../paths';
import { print } from '../terminal';
import { debugLog } from '../workplace';

/** `bpfw install-helper`: root's own copy of the helper, used from then on by bpfw and VS Code. */
export async function installHelperCommand(): Promise<void> {
  const node = await findNode(undefined, process.env);
  const folder = await installHelper({ ...rootOptions(), own: OWN_HELPER, node });
  print(`Installed the helper of version ${OWN_HELPER.version} in ${folder}; it is used from now on.`);
}

/** `bpfw uninstall-helper`. */
export async function uninstallHelperCommand(): Promise<void> {
  await uninstallHelper(rootOptions());
  print(`Removed ${INSTALL_FOLDER} and its polkit policy.`);
}

function rootOptions(): RootOptions {
  return { elevation: 'auto', ui: terminalUi(), log: debugLog };
}
