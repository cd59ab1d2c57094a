/**
 * The tracer's copy that only root can change: where it lies, and whether what lies there is what was installed and what
 * this version brings. The extension's own copy belongs to the user, so whoever can write their files can change what
 * they elevate.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SessionError } from '../errors';
import { launcherScript } from './start-tracer-script';

/**
 * One folder a version below it. Not below /usr/local: on Debian systems that were installed long ago (those with
 * /etc/staff-group-for-usr-local, base-files' postinst) its folders are root:staff 2775, and members of staff could put
 * others in their place. /opt is for such packages (FHS 3.13), and root's alone.
 */
export const INSTALL_FOLDER = '/opt/bpf-workbench';
/** Where it was before; removed with the rest. */
export const FORMER_INSTALL_FOLDER = '/usr/local/lib/bpf-workbench';
/** The only folder every polkit reads actions from (polkit(8)). */
export const POLICY_FILE = '/usr/share/polkit-1/actions/org.bpf-workbench.tracer.policy';
/** Its name while the tracer was called helper (0.1); removed with the rest. */
export const FORMER_POLICY_FILE = '/usr/share/polkit-1/actions/org.bpf-workbench.helper.policy';
/** SHA-256 of every part, as sha256sum(1) prints it, with paths relative to the manifest's folder. */
export const MANIFEST = 'manifest';
/** koffi's native part, beside tracer.js. */
const NATIVE = `native/linux-${process.arch}/koffi.node`;

/** What is elevated when it is not installed, and its version. */
export interface OwnTracer {
  /** dist/tracer.js, with native/<platform>/koffi.node beside it. */
  readonly tracerPath: string;
  /** package.json's. */
  readonly version: string;
}

export interface InstalledTracer {
  /** To be elevated: start-tracer CAPABILITIES SOCKET, which lowers itself. */
  readonly launcherPath: string;
  readonly tracerPath: string;
  readonly nodePath: string;
}

/** A file of the copy, relative to its folder. */
export interface TracerPart {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

export function versionFolder(version: string): string {
  return path.join(INSTALL_FOLDER, version);
}

/** Everything but Node, as this version brings it. Throws as readFile. */
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
 * The installed copy; null when none is installed. Throws SessionError 'installed-tracer' when there is one and it is of
 * another version, or anything of it or on the way to it is not root's, can be written by others, or is not what was
 * installed and what this version brings.
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
      `holds ${versions.join(', ') || 'nothing'}, and this is version ${own.version}`,
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
      throw refusal(file, 'is not what this version brings');
  }
  return {
    launcherPath: path.join(folder, 'start-tracer'),
    tracerPath: path.join(folder, 'tracer.js'),
    nodePath: await checkedNode(path.join(folder, 'node'), installed.get('node')),
  };
}

/** Node's copy with the hash of when it was installed; or the file that the link leads to, which updates may replace. */
async function checkedNode(file: string, hash: string | undefined): Promise<string> {
  if ((await lstat(file).catch(() => null))?.isSymbolicLink() !== true) {
    await checkOwner(file, 'file', 0o755);
    await checkHash(file, hash);
    return file;
  }
  const target = await readlink(file);
  const others = await changeableByOthers(target);
  if (others) throw refusal(file, `leads to a file that not only root can change (${others})`);
  return target;
}

/**
 * Null when only root can change the file, or put another in its place: it and every folder on the way to it are root's,
 * closed for writing to everybody else, and no symbolic links. Otherwise the first that is not so, with the reason.
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
  if (others) throw refusal(folder, `is not root's alone to change: ${others}`);
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
  if (hash.digest('hex') !== expected) throw refusal(file, 'is not what was installed');
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
  return new SessionError(
    'installed-tracer',
    `The installed tracer was not started: ${file} ${what}.`,
    'Install it again (BPF: Install Tracer, bpfw install-tracer), or remove it (BPF: Uninstall Tracer, bpfw uninstall-tracer).',
  );
}
