/** The mounts of the sandbox VM's file tree, as a script for sh(1) in its own mount namespace. Pure. */
import path from 'node:path';
import { type HiddenPath, KERNEL_FOLDERS } from './hidden-paths';

export interface Mount {
  readonly path: string;
  readonly type: string;
}

/** File systems that expose the kernel, wherever they are mounted (a chroot also has a /proc). */
const KERNEL_TYPES: ReadonlySet<string> = new Set([
  ...['proc', 'sysfs', 'devtmpfs', 'devpts', 'mqueue', 'hugetlbfs', 'cgroup', 'cgroup2', 'cpuset', 'resctrl'],
  ...['debugfs', 'tracefs', 'securityfs', 'selinuxfs', 'smackfs', 'configfs', 'bpf', 'pstore', 'efivarfs'],
  ...['binfmt_misc', 'binder', 'functionfs', 'fusectl', 'rpc_pipefs', 'nfsd', 'nsfs'],
]);

/** Parses /proc/self/mountinfo (proc(5)), in order; spaces and backslashes in paths are octal escapes. */
export function parseMounts(mountInfo: string): Mount[] {
  return mountInfo.split('\n').flatMap(line => {
    const [fields = '', source = ''] = line.split(' - ');
    const mountPoint = fields.split(' ')[4];
    const type = source.split(' ')[0];
    if (!mountPoint || !type) return [];
    const unescaped = mountPoint.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ path: Buffer.from(unescaped, 'latin1').toString('utf8'), type }];
  });
}

export interface View {
  /** An empty folder on which the tree is mounted. */
  readonly folder: string;
  /** An empty file that is mounted over hidden files. */
  readonly emptyFile: string;
  readonly mounts: readonly Mount[];
  readonly hidden: readonly HiddenPath[];
  /** Folders that the VM cannot run without: visible even below a hidden one. */
  readonly needed: readonly string[];
  /** Replacement file on disk, by path in the tree. */
  readonly replaced: ReadonlyMap<string, string>;
}

/** True for a path below `folder` and for the folder itself. */
export function isWithin(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/**
 * Prints "ready" when everything is mounted; exits with an error when something cannot be hidden. Then hides each path
 * named by a line of standard input, preceded by its kind, and exits at the end of that input.
 */
export function viewScript(view: View): string {
  const folders = [
    ...KERNEL_FOLDERS,
    ...view.mounts.filter(mount => KERNEL_TYPES.has(mount.type)).map(mount => mount.path),
    ...view.hidden.filter(hidden => hidden.kind === 'folder').map(hidden => hidden.path),
  ];
  const covered = outermost(folders);
  const isCovered = (file: string): boolean => covered.some(folder => isWithin(folder, file));
  const shown = new Set(view.mounts.map(mount => mount.path).filter(each => !isCovered(each)));
  const inView = (file: string): string => quote(path.join(view.folder, file));
  return [
    'set -eu',
    'export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C',
    `mount --rbind / ${quote(view.folder)}`,
    ...covered.flatMap(folder => coverFolder(folder, view, inView)),
    ...view.hidden
      .filter(hidden => hidden.kind === 'file' && !isCovered(hidden.path))
      .map(hidden => `mount --bind ${quote(view.emptyFile)} ${inView(hidden.path)}`),
    ...[...view.replaced].map(([file, by]) => `mount --bind ${quote(by)} ${inView(file)}`),
    // QEMU itself refuses to write and to open devices (devices since 8.1, CVE-2023-2861): defence in depth.
    ...[...shown].map(each => `mount -o remount,bind,ro,nodev ${inView(each)} 2>/dev/null || :`),
    'echo ready',
    'while IFS= read -r line; do',
    '\tcase $line in',
    `\tfolder*) ${emptyFolder(`${quote(view.folder)}"\${line#folder}"`, 'ro')} || : ;;`,
    `\tfile*) mount --bind ${quote(view.emptyFile)} ${quote(view.folder)}"\${line#file}" || : ;;`,
    '\tesac',
    'done',
    '',
  ].join('\n');
}

/** Mounts an empty folder over the existing one, with the needed folders inside it. */
function coverFolder(folder: string, view: View, inView: (file: string) => string): string[] {
  const at = inView(folder);
  // These folders do not exist on every machine.
  const ifPresent = `[ ! -d ${at} ] || `;
  const needed = outermost(view.needed).filter(each => isWithin(folder, each));
  if (needed.length === 0) return [ifPresent + emptyFolder(at, 'ro')];
  return [
    ifPresent + emptyFolder(at, 'rw'),
    ...needed.flatMap(each => [`mkdir -p ${inView(each)}`, `mount --rbind ${quote(each)} ${inView(each)}`]),
    // Only the mount's own options: those of the file system may name users that are unknown in a user namespace.
    `mount -o remount,bind,ro ${at}`,
  ];
}

/** `at`: quoted. */
function emptyFolder(at: string, mode: 'ro' | 'rw'): string {
  return `mount -t tmpfs -o ${mode},nosuid,nodev,noexec,size=1m,mode=755 bpfw ${at}`;
}

/** The folders that are not inside another one, each once. */
function outermost(folders: readonly string[]): string[] {
  const sorted = [...new Set(folders)].sort();
  return sorted.filter(each => !sorted.some(other => other !== each && isWithin(other, each)));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
