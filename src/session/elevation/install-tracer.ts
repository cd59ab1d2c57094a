/**
 * Installs the tracer where only root can change it, and uninstalls it: one script each, run as root. Root opens no path
 * chosen by the user. The user's process reads the parts and sends their bytes; root keeps them in a folder that nobody
 * else can enter until each SHA-256 matches.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SessionError } from '../errors';
import {
  changeableByOthers,
  FORMER_INSTALL_FOLDER,
  FORMER_POLICY_FILE,
  hashOf,
  INSTALL_FOLDER,
  MANIFEST,
  type OwnTracer,
  POLICY_FILE,
  readOwnParts,
  type TracerPart,
  versionFolder,
} from './installed-tracer';
import { loadedFromElsewhere } from './own-libraries';
import type { NodeRuntime } from './real-node';
import { type RootOptions, runAsRoot } from './run-as-root';
import { ONLY_ROOT } from './start-tracer-script';

export interface InstallRequest extends RootOptions {
  readonly own: OwnTracer;
  readonly node: NodeRuntime;
}

/**
 * Installs tracer, native part and Node (as a link when only root can change it anyway) in a new folder below
 * INSTALL_FOLDER, writes the polkit policy for exactly that program, and removes earlier versions. Resolves with the
 * folder. Throws SessionError.
 */
export async function installTracer(request: InstallRequest): Promise<string> {
  const { own, node } = request;
  if (!/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(own.version))
    throw new SessionError('installed-tracer', `'${own.version}' is not a valid version.`);
  if (node.electron) {
    throw new SessionError(
      'no-tracer-node',
      'The installed tracer needs Node.js, but only VS Code’s Electron was found.',
      { command: 'sudo apt-get install nodejs' },
    );
  }
  const linkedNode = (await changeableByOthers(node.path)) === null ? node.path : null;
  const parts = [...(await readOwnParts(own)), ...(linkedNode === null ? [await readNode(node)] : [])];
  const script = installScript(versionFolder(own.version), parts, linkedNode);
  await runAsRoot(script, { ...request, input: parts.map(part => part.bytes) });
  return versionFolder(own.version);
}

async function readNode(node: NodeRuntime): Promise<TracerPart> {
  const bytes = await readFile(node.path);
  const elsewhere = loadedFromElsewhere(bytes);
  if (elsewhere) {
    throw new SessionError(
      'no-tracer-node',
      `${node.path} ${elsewhere}, so a copy of it would run code that users other than root can change.`,
      { text: 'sudo apt-get install nodejs — or set bpf.nodePath to a Node.js from nodejs.org.' },
    );
  }
  return { path: 'node', mode: 0o755, bytes };
}

/** Removes every version and the policy. Throws SessionError. */
export async function uninstallTracer(options: RootOptions): Promise<void> {
  await runAsRoot(UNINSTALL, options);
}

const ACTIONS = path.dirname(POLICY_FILE);
const PARENT = path.dirname(INSTALL_FOLDER);

const FUNCTIONS = `fail() {
	echo "$1" >&2
	exit 1
}
${ONLY_ROOT}
exists() { [ -e "$1" ] || [ -L "$1" ]; }
`;

const UNINSTALL = `${FUNCTIONS}
if exists ${POLICY_FILE} || exists ${FORMER_POLICY_FILE}; then
	only_root ${ACTIONS}
	rm -f ${POLICY_FILE} ${FORMER_POLICY_FILE}
fi
if exists ${INSTALL_FOLDER}; then
	only_root ${PARENT}
	rm -rf ${INSTALL_FOLDER}
fi
if exists ${FORMER_INSTALL_FOLDER}; then
	only_root ${path.dirname(FORMER_INSTALL_FOLDER)}
	rm -rf ${FORMER_INSTALL_FOLDER}
fi
`;

/**
 * Its standard input is the parts, concatenated. A concurrent installation waits; leftovers of a killed one are removed
 * by the next. A version's folder is always complete, because it is renamed into place.
 */
function installScript(folder: string, parts: readonly TracerPart[], linkedNode: string | null): string {
  const folders = [...new Set(parts.flatMap(part => foldersOf(part.path)))];
  let offset = 1;
  const split = parts.map(part => {
    const from = offset;
    offset += part.bytes.length;
    return `tail -c +${from} ../parts | head -c ${part.bytes.length} >${part.path}`;
  });
  const modes = parts.map(part => `chmod ${part.mode.toString(8)} ${part.path}`);
  const link = linkedNode === null ? '' : `only_root ${quoted(linkedNode)}\nln -s ${quoted(linkedNode)} node`;
  return `${FUNCTIONS}
base=${INSTALL_FOLDER}
policy=
work=
trap 'rm -rf "$work" "$policy"' EXIT
trap 'exit 1' HUP INT TERM PIPE
exists ${PARENT} || mkdir -p -m 755 ${PARENT}
only_root ${PARENT}
exists $base || mkdir -p -m 755 $base
only_root $base
chmod 755 $base
umask 077
exec 9>>$base/.lock
flock --wait 60 9 || fail 'Another installation is running.'
rm -rf $base/.installing-*
work=$(mktemp -d $base/.installing-XXXXXX)
mkdir "$work/new"
cd "$work/new"
cat >../parts
mkdir ${folders.join(' ')}
${split.join('\n')}
rm ../parts
cat >${MANIFEST} <<'END'
${parts.map(part => `${hashOf(part.bytes)}  ${part.path}`).join('\n')}
END
sha256sum --check --quiet --strict ${MANIFEST} >&2 || fail 'The received parts differ from those that were sent.'
${modes.join('\n')}
chmod 644 ${MANIFEST}
chmod 755 . ${folders.join(' ')}
${link}
cd /
! exists ${folder} || mv -T ${folder} "$work/old"
mv -T "$work/new" ${folder}
for other in $base/*; do
	[ "$other" = ${folder} ] || rm -rf "$other"
done
if exists ${FORMER_INSTALL_FOLDER} && ( only_root ${path.dirname(FORMER_INSTALL_FOLDER)} ) 2>/dev/null; then
	rm -rf ${FORMER_INSTALL_FOLDER}
fi
if exists ${ACTIONS}; then
	only_root ${ACTIONS}
	policy=$(mktemp ${ACTIONS}/.org.bpf-workbench.XXXXXX)
	cat >"$policy" <<'END'
${policyOf(folder)}END
	chmod 644 "$policy"
	mv -T "$policy" ${POLICY_FILE}
	rm -f ${FORMER_POLICY_FILE}
fi
`;
}

/** "a/b/c": "a", "a/b". */
function foldersOf(file: string): string[] {
  const parent = path.dirname(file);
  return parent === '.' ? [] : [...foldersOf(parent), parent];
}

/** Single-quoted for sh(1). */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A polkit action for exactly this program (pkexec(1)): its dialog states the purpose, and the answer is valid for no other. */
function policyOf(folder: string): string {
  const allowed = ['any', 'inactive', 'active'].map(
    who => `      <allow_${who}>auth_admin_keep</allow_${who}>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN" "http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd">
<policyconfig>
  <vendor>BPF Workbench</vendor>
  <action id="org.bpf-workbench.tracer.start">
    <description>Start the tracer of BPF Workbench</description>
    <message>Authentication is required to trace this machine’s kernel with BPF Workbench</message>
    <defaults>
${allowed.join('\n')}
    </defaults>
    <annotate key="org.freedesktop.policykit.exec.path">${folder}/start-tracer</annotate>
  </action>
</policyconfig>
`;
}
