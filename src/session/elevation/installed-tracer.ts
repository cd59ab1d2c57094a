/**
 * The installed copy of the tracer, which only root can change: its location, and the check that it is unchanged and
 * belongs to this version. The extension's own copy belongs to the user, so any process that can write the user's files
 * can change what they elevate.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SessionError } from '../errors';
import { launcherScript } from './start-tracer-script';

/**
 * Contains one folder per version. Not below /usr/local: on older Debian installations (those with
 * /etc/staff-group-for-usr-local, base-files' postinst) its folders are root:staff 2775, and members of staff could
 * replace them. /opt is meant for such packages (FHS 3.13), and only root can write it.
 */
export const INSTALL_FOLDER = '/opt/bpf-workbench';
/** The former location; removed too. */
export const FORMER_INSTALL_FOLDER = '/usr/local/lib/bpf-workbench';
/** The only folder from which every polkit version reads actions (polkit(8)). */
export const POLICY_FILE = '/usr/share/polkit-1/actions/org.bpf-workbench.tracer.policy';
/** Its name in 0.1, when the tracer was called helper; removed too. */
export const FORMER_POLICY_FILE = '/usr/share/polkit-1/actions/org.bpf-workbench.helper.policy';
/** SHA-256 of every part, as sha256sum(1) prints it, with paths relative to the manifest's folder. */
export const MANIFEST = 'manifest';
/** koffi's native part, beside tracer.js. */
const NATIVE = `native/linux-${process.arch}/koffi.node`;

/** The extension's own tracer, elevated when none is installed. */
export interface OwnTracer {
  /** dist/tracer.js, with native/<platform>/koffi.node beside it. */
  readonly tracerPath: string;
  /** From package.json. */
  readonly version: string;
}

export interface InstalledTracer {
  /** The command to elevate: start-tracer CAPABILITIES SOCKET, which drops its rights. */
  readonly launcherPath: string;
  readonly tracerPath: string;
  readonly nodePath: string;
}

/** A file of the installation, relative to its folder. */
export interface TracerPart {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

export function versionFolder(version: string): string {
  return path.join(INSTALL_FOLDER, version);
}

/** All files of this version except Node. Throws as readFile. */
export async function readOwnParts(own: OwnTracer): Promise<readonly TracerPart[]> {
  const native = path.join(path.dirname(own.tracerPath), NATIVE);
  const launcher = launcherScript(versionFolder(own.version));
  return [
    { path: 'tracer.js', mode: 0o644, bytes: await readFile(own.tracerPath) },
    { path: NATIVE, mode: 0o644, bytes: await readFile(native) },
    { path: 'start-tracer', mode: 0o755, bytes: Buffer.from(launcher) },
  ];
}

/** SHA-256 in hexadecimal. */
export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The installed copy; null when none is installed. Throws SessionError 'installed-tracer' when it is of another version,
 * when a part of it or a parent folder is not owned by root or can be written by others, or when a part differs from
 * what was installed or from this version's files.
 */
export async function findInstalledTracer(own: OwnTracer): Promise<InstalledTracer | null> {
  const names = await readdir(INSTALL_FOLDER).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw refusal(INSTALL_FOLDER, `cannot be read (${error.code})`);
  });
  if (names === null) return null;
  await checkOnlyRoot(INSTALL_FOLDER);
  const folder = versionFolder(own.version);
  const versions = names.filter(name => !name.startsWith('.'));
  if (!versions.includes(own.version)) {
    throw refusal(
      INSTALL_FOLDER,
      `contains ${versions.join(', ') || 'nothing'}, and this is version ${own.version}`,
    );
  }
  const native = path.join(folder, path.dirname(NATIVE));
  for (const each of [INSTALL_FOLDER, folder, path.dirname(native), native])
    await checkOwner(each, 'folder', 0o755);
  const installed = await readManifest(path.join(folder, MANIFEST));
  for (const part of await readOwnParts(own)) {
    const file = path.join(folder, part.path);
    await checkOwner(file, 'file', part.mode);
    await checkHash(file, installed.get(part.path));
    if (installed.get(part.path) !== hashOf(part.bytes))
      throw refusal(file, 'differs from this version’s file');
  }
  return {
    launcherPath: path.join(folder, 'start-tracer'),
    tracerPath: path.join(folder, 'tracer.js'),
    nodePath: await checkedNode(path.join(folder, 'node'), installed.get('node')),
  };
}

/** Node's copy with the hash from its installation; or the target of the link, which updates may replace. */
async function checkedNode(file: string, hash: string | undefined): Promise<string> {
  if ((await lstat(file).catch(() => null))?.isSymbolicLink() !== true) {
    await checkOwner(file, 'file', 0o755);
    await checkHash(file, hash);
    return file;
  }
  const target = await readlink(file);
  const others = await changeableByOthers(target);
  if (others) throw refusal(file, `links to a file that users other than root can change (${others})`);
  return target;
}

/**
 * Null when only root can change or replace the file: it and every parent folder are owned by root, not writable by
 * others, and not symbolic links. Otherwise the first that is not, with the reason.
 */
export async function changeableByOthers(file: string): Promise<string | null> {
  if (!path.isAbsolute(file)) return `${file} is not an absolute path`;
  for (let each = file; ; each = path.dirname(each)) {
    const found = await lstat(each).catch(() => null);
    if (!found) return `${each} is missing`;
    if (!found.isDirectory() && (each !== file || !found.isFile()))
      return `${each} is ${found.isSymbolicLink() ? 'a symbolic link' : 'not a folder'}`;
    if (found.uid !== 0) return `${each} belongs to uid ${found.uid}, not to root`;
    if ((found.mode & 0o022) !== 0) return `${each} has mode ${(found.mode & 0o7777).toString(8)}`;
    if (each === path.dirname(each)) return null;
  }
}

async function checkOnlyRoot(folder: string): Promise<void> {
  const others = await changeableByOthers(folder);
  if (others) throw refusal(folder, `can be changed by users other than root: ${others}`);
}

async function readManifest(file: string): Promise<ReadonlyMap<string, string>> {
  await checkOwner(file, 'file', 0o644);
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return new Map(
    lines.map(line => {
      const [, hash = '', name = ''] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
      return [name, hash];
    }),
  );
}

async function checkHash(file: string, expected: string | undefined): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  if (hash.digest('hex') !== expected) throw refusal(file, 'differs from what was installed');
}

async function checkOwner(file: string, kind: 'file' | 'folder', mode: number): Promise<void> {
  const found = await lstat(file).catch(() => null);
  if (!found) throw refusal(file, 'is missing');
  if (kind === 'folder' ? !found.isDirectory() : !found.isFile()) throw refusal(file, `is not a ${kind}`);
  if (found.uid !== 0) throw refusal(file, `belongs to uid ${found.uid}, not to root`);
  const bits = found.mode & 0o7777;
  if (bits !== mode) throw refusal(file, `has mode ${bits.toString(8)}, not ${mode.toString(8)}`);
}

function refusal(file: string, what: string): SessionError {
  return new SessionError('installed-tracer', `The installed tracer was not started: ${file} ${what}.`, {
    text: 'Install it again (BPF: Install Tracer, bpfw install-tracer), or remove it (BPF: Uninstall Tracer, bpfw uninstall-tracer).',
  });
}
