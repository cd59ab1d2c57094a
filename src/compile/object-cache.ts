import { createHash } from 'node:crypto';
import { copyFile, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentKey, pruneFolder, temporaryBeside, writeAtomically } from '../system/cache-files';
import { readUntrustedFile } from '../system/untrusted-file';
import type { CompileDiagnostic } from './diagnostics';

/** Which vmlinux.h the program was compiled with; own: one beside the source, none: it does not include one. */
export type HeaderUsed = 'reduced' | 'full' | 'own' | 'none';

export interface CachedObject {
  /** SHA-256 of the object file, in hex. */
  readonly objectHash: string;
  readonly header: HeaderUsed;
  /** clang, flags and input, without -o. */
  readonly commandLine: readonly string[];
  /** Warnings of the compilation that made it, and their text. */
  readonly diagnostics: readonly CompileDiagnostic[];
  readonly output: string;
}

interface Entry extends CachedObject {
  /** Every file clang read except the generated vmlinux.h, with the hash of its contents. */
  readonly files: readonly (readonly [path: string, hash: string])[];
}

/** Variants kept per input, so that switching between branches or undoing does not recompile. */
const VARIANTS_KEPT = 8;
const INPUTS_KEPT = 1024;
const OBJECTS_KEPT = 1024;

/**
 * Objects by content: an input (source path, clang, flags, BTF) has variants, one for each state of the files that
 * clang read. Manifests and objects are written atomically, so several processes may share the folder.
 */
export class ObjectCache {
  constructor(private readonly cacheFolder: string) {}

  /** The object made from exactly these inputs, or null. */
  async find(inputKey: string): Promise<CachedObject | null> {
    const hashes = new Map<string, Promise<string | null>>();
    const hashOf = (path: string): Promise<string | null> => {
      let hash = hashes.get(path);
      if (!hash) {
        hash = hashFile(path);
        hashes.set(path, hash);
      }
      return hash;
    };
    for (const entry of await this.entries(inputKey)) {
      const same = await Promise.all(entry.files.map(async ([path, hash]) => (await hashOf(path)) === hash));
      if (same.every(Boolean) && (await hashFile(this.objectPath(entry.objectHash))) === entry.objectHash) {
        const { files: _files, ...object } = entry;
        return object;
      }
    }
    return null;
  }

  /** Moves the object at `builtPath` into the cache. `files`: the files listed in clang's dependency file. */
  async store(
    inputKey: string,
    builtPath: string,
    files: readonly (readonly [string, string])[],
    made: Omit<CachedObject, 'objectHash'>,
  ): Promise<CachedObject> {
    const objectHash = createHash('sha256')
      .update(await readFile(builtPath))
      .digest('hex');
    const object: CachedObject = { ...made, objectHash };
    await rename(builtPath, this.objectPath(objectHash));
    const others = (await this.entries(inputKey)).filter(
      other => JSON.stringify(other.files) !== JSON.stringify(files),
    );
    const entries: Entry[] = [{ ...object, files }, ...others].slice(0, VARIANTS_KEPT);
    await writeAtomically(this.manifestPath(inputKey), JSON.stringify(entries));
    await pruneFolder(join(this.cacheFolder, 'inputs'), INPUTS_KEPT);
    await pruneFolder(join(this.cacheFolder, 'objects'), OBJECTS_KEPT);
    return object;
  }

  objectPath(objectHash: string): string {
    return join(this.cacheFolder, 'objects', `${objectHash}.bpf.o`);
  }

  /** Atomically writes a copy to `path`, unless it already has the same contents. */
  async copyTo(objectHash: string, path: string): Promise<void> {
    if ((await hashFile(path)) === objectHash) return;
    const temporary = await temporaryBeside(path);
    try {
      await copyFile(this.objectPath(objectHash), temporary);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  private async entries(inputKey: string): Promise<readonly Entry[]> {
    try {
      // A manifest is replaced as a whole; a damaged one counts as missing.
      return JSON.parse(await readFile(this.manifestPath(inputKey), 'utf8')) as readonly Entry[];
    } catch {
      return [];
    }
  }

  private manifestPath(inputKey: string): string {
    return join(this.cacheFolder, 'inputs', `${inputKey}.json`);
  }
}

/** Size limit; sources, headers and objects are far smaller. */
const HASHED_BYTES = 256 << 20;

/** SHA-256 of a file's contents in hex; null if it cannot be read or is not a regular file. */
export async function hashFile(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readUntrustedFile(path, HASHED_BYTES))
      .digest('hex');
  } catch {
    return null;
  }
}

/** The prerequisites in a dependency file written by clang -MD, with make's escapes removed. */
export function parseDependencies(text: string): string[] {
  const rule = text.replace(/\\\r?\n/g, ' ');
  const colon = rule.search(/:\s/);
  return [...rule.slice(colon + 1).matchAll(/(?:\\[ #\\]|\$\$|[^\s])+/g)].map(match =>
    match[0].replace(/\\([ #])|\$\$/g, (_all, escaped: string | undefined) => escaped ?? '$'),
  );
}

/** Key of a compilation's inputs other than file contents. */
export function inputKey(parts: readonly string[]): string {
  return contentKey(...parts);
}
