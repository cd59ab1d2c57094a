/** Puts the helper where only root can change it, and takes it away again: one script each, run as root. */
import path from 'node:path';
import { SessionError } from './errors';
import {
  contentHash,
  INSTALL_FOLDER,
  installedFiles,
  isRootsOwn,
  type OwnHelper,
  POLICY_FILE,
  versionFolder,
} from './installed-helper';
import type { NodeRuntime } from './real-node';
import { type RootOptions, runAsRoot } from './run-as-root';

export interface InstallRequest extends RootOptions {
  readonly own: OwnHelper;
}

/**
 * Copies helper, native part and Node (a link to it where only root can change it anyway) to a folder of their own below
 * INSTALL_FOLDER, writes polkit's policy for exactly that program, and removes what earlier versions installed. What
 * was copied is compared with what was meant before it counts. Resolves with the folder. Throws SessionError.
 */
export async function installHelper(request: InstallRequest): Promise<string> {
  await runAsRoot(await installScript(request.own, request.node), request);
  return versionFolder(request.own.version);
}

/** Removes every version and the policy. Throws SessionError. */
export async function uninstallHelper(options: RootOptions): Promise<void> {
  await runAsRoot(UNINSTALL, options);
}

const UNINSTALL = `rm -rf ${INSTALL_FOLDER}
rm -f ${POLICY_FILE}
`;

async function installScript(own: OwnHelper, node: NodeRuntime): Promise<string> {
  if (!/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(own.version))
    throw new SessionError('installed-helper', `'${own.version}' is not a version.`);
  if (node.electron) {
    throw new SessionError(
      'no-helper-node',
      'The installed helper needs a Node.js of its own, and only VS Code’s Electron was found.',
      'sudo apt-get install nodejs',
    );
  }
  const files = installedFiles(own);
  const write = files.map(file => {
    const target = `"$staging"/${file.path}`;
    const mode = file.mode.toString(8);
    return 'text' in file.content
      ? `printf %s ${quoted(file.content.text)} >${target}\nchmod ${mode} ${target}`
      : `install -D -m ${mode} -o root -g root ${quoted(file.content.copyOf)} ${target}`;
  });
  const hashes = await Promise.all(files.map(async file => `${await contentHash(file)}  ${file.path}`));
  const nodePath = quoted(node.path);
  const copyNode = (await isRootsOwn(node.path))
    ? `ln -s ${nodePath} "$staging"/node`
    : `install -m 755 -o root -g root ${nodePath} "$staging"/node`;
  const folder = versionFolder(own.version);
  return `base=${INSTALL_FOLDER}
[ "$(stat -c '%F %u' $base 2>/dev/null)" = 'directory 0' ] || rm -rf $base
mkdir -p $base
chmod 755 $base
staging=$(mktemp -d $base/.installing-XXXXXX)
trap 'rm -rf "$staging"' EXIT
chmod 755 "$staging"
${write.join('\n')}
${copyNode}
( cd "$staging" && sha256sum --check --quiet --strict ) <<'END'
${hashes.join('\n')}
END
rm -rf ${folder}
mv "$staging" ${folder}
for other in $base/* $base/.[!.]*; do
	[ "$other" = ${folder} ] || rm -rf "$other"
done
if [ -d ${path.dirname(POLICY_FILE)} ]; then
	printf %s ${quoted(policy(folder))} >${POLICY_FILE}.new
	chmod 644 ${POLICY_FILE}.new
	mv ${POLICY_FILE}.new ${POLICY_FILE}
fi
`;
}

/** Single-quoted for sh(1). */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** An action of its own for exactly this program (pkexec(1)): its dialog says what for, and the answer counts for no other. */
function policy(folder: string): string {
  const allowed = ['any', 'inactive', 'active'].map(
    who => `      <allow_${who}>auth_admin_keep</allow_${who}>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN" "http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd">
<policyconfig>
  <vendor>BPF Workbench</vendor>
  <action id="org.bpf-workbench.helper.start">
    <description>Start the helper of BPF Workbench</description>
    <message>Authentication is required to trace this machine’s kernel with BPF Workbench</message>
    <defaults>
${allowed.join('\n')}
    </defaults>
    <annotate key="org.freedesktop.policykit.exec.path">${folder}/start-helper</annotate>
  </action>
</policyconfig>
`;
}
