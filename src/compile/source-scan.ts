import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { helperDeclarations } from '../shared/bpf/helper-declarations';
import { readUntrustedFile } from '../system/untrusted-file';
import { type FileNames, type Paste, readNames } from './file-names';

export interface SourceScan {
  /** Identifiers whose types the program may need, from the source, its own headers and libbpf's headers. */
  readonly names: ReadonlySet<string>;
  /** Identifiers that may name a member accessed through a pointer, from the source and its own headers. */
  readonly memberNames: ReadonlySet<string>;
  readonly definedTags: ReadonlySet<string>;
  readonly definedNames: ReadonlySet<string>;
  readonly needsPreprocessor: boolean;
  /** ours: #include "vmlinux.h" resolves to the generated one; own: to one beside the source; none: not included. */
  readonly vmlinux: 'ours' | 'own' | 'none';
  /** Hash of all files read; identifies the input of concurrent compilations. */
  readonly contentHash: string;
}

export interface ScanOptions {
  readonly sourcePath: string;
  /** Searched after those in `extraFlags`, for "…" and <…>. */
  readonly includeFolders: readonly string[];
  /** Contains bpf/bpf_helpers.h. */
  readonly libbpfFolder: string;
  /** Searched last; identifiers in these files need nothing from vmlinux.h. */
  readonly systemFolders: readonly string[];
  readonly extraFlags: readonly string[];
}

interface ReadFile {
  readonly lexed: FileNames;
  readonly hash: string;
  /** bpf_helper_defs.h only: helper -> the types in its declaration. */
  readonly helperTypes: ReadonlyMap<string, readonly string[]> | null;
}

/** Lexed files, cached by path, size and modification time. */
const filesRead = new Map<string, Promise<ReadFile>>();
const FILES_KEPT = 256;
/** Larger headers are skipped; a full vmlinux.h has about 3 MB. */
const SOURCE_BYTES = 16 << 20;
/** More than the kernel's own headers include; a cycle of symbolic links would produce endless names. */
const MOST_FILES = 4096;

type Origin = 'own' | 'libbpf' | 'system';

/**
 * Reads a source and everything it includes. A missing #include is skipped: clang reports it. Rejects only if the
 * source itself cannot be read.
 */
export async function scanSource(options: ScanOptions): Promise<SourceScan> {
  const folders = [...foldersInFlags(options.extraFlags), ...options.includeFolders];
  const names = new Set<string>();
  const memberNames = new Set<string>();
  const definedTags = new Set<string>();
  const definedNames = new Set<string>();
  const helperTypes = new Map<string, readonly string[]>();
  const hash = createHash('sha256');
  let needsPreprocessor = false;
  let vmlinux: SourceScan['vmlinux'] = 'none';

  const pastes: Paste[] = [];

  const seen = new Set<string>();
  const source = resolve(options.sourcePath);
  const queue: { path: string; origin: Origin }[] = [{ path: source, origin: 'own' }];
  for (const forced of forcedIncludes(options.extraFlags)) {
    queue.push({ path: resolve(dirname(source), forced), origin: 'own' });
  }
  // Macros on the command line may also name types.
  for (const flag of options.extraFlags) for (const name of readNames(flag).identifiers) names.add(name);

  for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
    const { path, origin } = item;
    if (seen.has(path) || seen.size >= MOST_FILES) continue;
    seen.add(path);
    const file = await readOnce(path).catch((error: unknown) => {
      if (path === source) throw error;
      return null;
    });
    if (file === null) continue;
    const { lexed } = file;
    hash.update(`${path}\0${file.hash}\0`);
    for (const tag of lexed.definedTags) definedTags.add(tag);
    for (const name of lexed.definedNames) definedNames.add(name);
    for (const [helper, types] of file.helperTypes ?? []) helperTypes.set(helper, types);
    if (origin !== 'system') for (const name of lexed.identifiers) names.add(name);
    if (origin === 'own') {
      for (const name of lexed.identifiers) memberNames.add(name);
      pastes.push(...lexed.pastes);
      if (lexed.needsPreprocessor) needsPreprocessor = true;
    }
    for (const include of lexed.includes) {
      const found = await find(include, dirname(path), folders, options);
      if (basename(include.name) === 'vmlinux.h' && (found === null || found.origin === 'own')) {
        if (found !== null) vmlinux = 'own';
        else if (include.name === 'vmlinux.h' && vmlinux === 'none') vmlinux = 'ours';
      } else if (found !== null) queue.push(found);
    }
  }
  for (const made of pasted(memberNames, pastes)) {
    names.add(made);
    memberNames.add(made);
  }
  for (const [helper, types] of helperTypes) {
    if (memberNames.has(helper)) for (const type of types) names.add(type);
  }
  return {
    names,
    memberNames,
    definedTags,
    definedNames,
    needsPreprocessor,
    vmlinux,
    contentHash: hash.digest('hex'),
  };
}

/** Every identifier that `##` can create from the given ones. */
function pasted(identifiers: ReadonlySet<string>, pastes: readonly Paste[]): Set<string> {
  const distinct = new Map(pastes.map(paste => [`${paste.prefix} ${paste.suffix}`, paste]));
  const made = new Set<string>();
  for (const { prefix, suffix } of distinct.values()) {
    made.add(prefix + suffix);
    for (const name of identifiers) made.add(prefix + name + suffix);
  }
  return made;
}

async function find(
  include: { readonly name: string; readonly angled: boolean },
  includer: string,
  folders: readonly string[],
  options: ScanOptions,
): Promise<{ path: string; origin: Origin } | null> {
  const { name } = include;
  if (isAbsolute(name)) return (await exists(name)) ? { path: name, origin: 'own' } : null;
  const libbpf = join(options.libbpfFolder, 'bpf');
  const originOf = (path: string, origin: Origin): Origin => (dirname(path) === libbpf ? 'libbpf' : origin);
  const places: { folder: string; origin: Origin }[] = [
    ...(include.angled ? [] : [{ folder: includer, origin: placeOf(includer, options) }]),
    ...folders.map(folder => ({ folder, origin: 'own' as const })),
    { folder: options.libbpfFolder, origin: 'system' },
    ...options.systemFolders.map(folder => ({ folder, origin: 'system' as const })),
  ];
  for (const { folder, origin } of places) {
    const path = join(folder, name);
    if (await exists(path)) return { path, origin: originOf(path, origin) };
  }
  return null;
}

function placeOf(folder: string, options: ScanOptions): Origin {
  return options.systemFolders.some(system => folder === system || folder.startsWith(`${system}/`))
    ? 'system'
    : 'own';
}

function foldersInFlags(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    if (flag === '-I' || flag === '-isystem' || flag === '-iquote' || flag === '-idirafter')
      return flags[i + 1] ?? [];
    return /^-I(.+)$/.exec(flag)?.[1] ?? [];
  });
}

function forcedIncludes(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => (flag === '-include' ? (flags[i + 1] ?? []) : []));
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function readOnce(path: string): Promise<ReadFile> {
  const { mtimeMs, size, ino } = await stat(path);
  const key = `${path}\0${mtimeMs}\0${size}\0${ino}`;
  const known = filesRead.get(key);
  if (known) return known;
  const reading = readUntrustedFile(path, SOURCE_BYTES).then(bytes => read(path, bytes.toString()));
  filesRead.set(key, reading);
  reading.catch(() => filesRead.delete(key));
  for (const oldest of filesRead.keys()) {
    if (filesRead.size <= FILES_KEPT) break;
    filesRead.delete(oldest);
  }
  return reading;
}

function read(path: string, text: string): ReadFile {
  const hash = createHash('sha256').update(text).digest('hex');
  if (basename(path) !== 'bpf_helper_defs.h') return { lexed: readNames(text), hash, helperTypes: null };
  return readHelpers(text, hash);
}

/**
 * libbpf's list of helpers declares every struct it names and uses only pointers to them, so a helper's types are
 * needed only if the helper is called; the integer typedefs in the prototypes are always needed.
 */
function readHelpers(text: string, hash: string): ReadFile {
  const helperTypes = new Map<string, readonly string[]>();
  const identifiers = new Set<string>();
  for (const { name, returnType, parameters } of helperDeclarations(text)) {
    const types = `${returnType} ${parameters}`;
    helperTypes.set(
      name,
      [...types.matchAll(/\b(?:struct|union|enum)\s+(\w+)/g)].map(match => match[1] ?? ''),
    );
    for (const [type] of types.matchAll(/\b__[us](?:8|16|32|64)\b|\b__(?:be|le)(?:16|32|64)\b|\b__wsum\b/g))
      identifiers.add(type);
  }
  const empty: ReadonlySet<string> = new Set();
  return {
    lexed: {
      identifiers,
      includes: [],
      pastes: [],
      needsPreprocessor: false,
      definedTags: empty,
      definedNames: empty,
    },
    hash,
    helperTypes,
  };
}
