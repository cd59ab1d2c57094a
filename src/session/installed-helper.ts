/**
 * The helper's copy that only root can change: where it lies, and whether what lies there is what this version brings.
 * The extension's own copy belongs to the person, so whoever can write their files can change what they elevate.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CAPABILITY_BITS } from './budget';
import { SessionError } from './errors';

/** One folder a version below it. */
export const INSTALL_FOLDER = '/usr/local/lib/bpf-workbench';
/** The only folder every polkit reads actions from (polkit(8)). */
export const POLICY_FILE = '/usr/share/polkit-1/actions/org.bpf-workbench.helper.policy';
/** koffi's native part, beside helper.js. */
const NATIVE = `native/linux-${process.arch}/koffi.node`;

/** What is elevated when it is not installed, and its version. */
export interface OwnHelper {
  /** dist/helper.js, with native/<platform>/koffi.node beside it. */
  readonly helperPath: string;
  /** package.json's. */
  readonly version: string;
}

export interface InstalledHelper {
  /** To be elevated: start-helper CAPABILITIES SOCKET, which lowers itself. */
  readonly launcherPath: string;
  readonly helperPath: string;
  readonly nodePath: string;
}

/** A file of the copy, relative to its folder. */
export interface InstalledFile {
  readonly path: string;
  readonly mode: number;
  readonly content: { readonly copyOf: string } | { readonly text: string };
}

export function versionFolder(version: string): string {
  return path.join(INSTALL_FOLDER, version);
}

/** Everything but Node. */
export function installedFiles(own: OwnHelper): readonly InstalledFile[] {
  return [
    { path: 'helper.js', mode: 0o644, content: { copyOf: own.helperPath } },
    { path: NATIVE, mode: 0o644, content: { copyOf: path.join(path.dirname(own.helperPath), NATIVE) } },
    { path: 'start-helper', mode: 0o755, content: { text: launcherScript(versionFolder(own.version)) } },
  ];
}

/** SHA-256 of what the file must hold, in hexadecimal. */
export async function contentHash({ content }: InstalledFile): Promise<string> {
  const bytes = 'text' in content ? content.text : await readFile(content.copyOf);
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The installed copy; null when none is installed. Throws SessionError 'installed-helper' when there is one and it is of
 * another version, or anything of it is not root's, can be written by others, or is not what this version brings.
 */
export async function findInstalledHelper(own: OwnHelper): Promise<InstalledHelper | null> {
  const versions = await readdir(INSTALL_FOLDER).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw refusal(INSTALL_FOLDER, `cannot be read (${error.code})`);
  });
  if (versions === null) return null;
  const folder = versionFolder(own.version);
  if (!versions.includes(own.version)) {
    throw refusal(
      INSTALL_FOLDER,
      `holds ${versions.join(', ') || 'nothing'}, and this is version ${own.version}`,
    );
  }
  const files = installedFiles(own);
  const folders = [
    INSTALL_FOLDER,
    folder,
    path.join(folder, 'native'),
    path.dirname(path.join(folder, NATIVE)),
  ];
  for (const each of folders) await checkOwner(each, 'folder', 0o755);
  for (const file of files) {
    const installed = path.join(folder, file.path);
    await checkOwner(installed, 'file', file.mode);
    const hash = createHash('sha256')
      .update(await readFile(installed))
      .digest('hex');
    if (hash !== (await contentHash(file))) throw refusal(installed, 'is not what this version brings');
  }
  const nodePath = path.join(folder, 'node');
  if ((await lstat(nodePath).catch(() => null))?.isSymbolicLink() !== true)
    await checkOwner(nodePath, 'file', 0o755);
  else if (!(await isRootsOwn(nodePath)))
    throw refusal(nodePath, 'leads to a file that not only root can change');
  return {
    launcherPath: path.join(folder, 'start-helper'),
    helperPath: path.join(folder, 'helper.js'),
    nodePath,
  };
}

/** True when only root can change the file, or put another in its place: it and every folder on the way to it. */
export async function isRootsOwn(file: string): Promise<boolean> {
  try {
    for (let each = await realpath(file); ; each = path.dirname(each)) {
      const { uid, mode } = await stat(each);
      if (uid !== 0 || (mode & 0o022) !== 0) return false;
      if (each === path.dirname(each)) return true;
    }
  } catch {
    return false;
  }
}

async function checkOwner(file: string, kind: 'file' | 'folder', mode: number): Promise<void> {
  const found = await lstat(file).catch(() => null);
  if (!found) throw refusal(file, 'is missing');
  if (kind === 'folder' ? !found.isDirectory() : !found.isFile()) throw refusal(file, `is no ${kind}`);
  if (found.uid !== 0) throw refusal(file, `belongs to uid ${found.uid}, not to root`);
  const bits = found.mode & 0o7777;
  if (bits !== mode) throw refusal(file, `has mode ${bits.toString(8)}, not ${mode.toString(8)}`);
}

function refusal(file: string, what: string): SessionError {
  return new SessionError(
    'installed-helper',
    `The installed helper was not started: ${file} ${what}.`,
    'Install it again (BPF: Install Helper, bpfw install-helper), or remove it (BPF: Uninstall Helper, bpfw uninstall-helper).',
  );
}

/**
 * What pkexec's policy and a sudoers rule can name: a program that takes nothing but the capabilities of a budget and a
 * socket, and starts the helper under the uid of whoever asked. As root it is of no use.
 */
function launcherScript(folder: string): string {
  return `#!/bin/sh
# start-helper CAPABILITY[,CAPABILITY]... SOCKET
# Starts BPF Workbench's helper for whoever asks through sudo or pkexec: under their own uid, with these capabilities,
# no others, and no way to gain more.
set -efu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
fail() {
	echo "start-helper: $1" >&2
	exit 2
}
[ $# = 2 ] || fail 'give the capabilities and a socket'
uid=\${PKEXEC_UID:-\${SUDO_UID:-}}
case $uid in
'' | *[!0-9]* | 0) fail 'start it through sudo or pkexec, as another user than root' ;;
esac
set=-all
IFS=,
for capability in $1; do
	case $capability in
	${Object.keys(CAPABILITY_BITS).join(' | ')}) set=$set,+$capability ;;
	*) fail "the helper never gets $capability" ;;
	esac
done
unset IFS
exec env -i PATH="$PATH" setpriv --reuid="$uid" --regid="$(id -g "$uid")" --init-groups \\
	--inh-caps="$set" --ambient-caps="$set" --bounding-set="$set" --no-new-privs \\
	${folder}/node ${folder}/helper.js --socket "$2"
`;
}
