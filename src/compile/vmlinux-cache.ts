import { createHash } from 'node:crypto';
import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBtf } from '../shared/btf/btf';
import type { Btf } from '../shared/btf/btf-model';
import { contentKey, pruneFolder, writeAtomically } from '../system/cache-files';
import { vmlinuxHeader } from './vmlinux-header';
import { reducedVmlinuxHeader, type TypeNeeds } from './vmlinux-reduce';

/** Part of every folder name; increment it if the header text changes for the same BTF. */
const HEADER_FORMAT = 1;
const REDUCED_KEPT = 256;

/** A kernel's types, loaded on first use: compiled objects that are cached do not need them. */
export interface BtfSource {
  /** Identifies the contents, as btfSource() does: the same id must mean the same types. */
  readonly id: string;
  load(): Btf | Promise<Btf>;
}

const ids = new WeakMap<Uint8Array, string>();

/** A source of these bytes: its id is 32 hex digits of their SHA-256, taken once, because they are megabytes. */
export function btfSource(bytes: Uint8Array, load: () => Btf = () => parseBtf(bytes)): BtfSource {
  const id = ids.get(bytes) ?? createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  ids.set(bytes, id);
  return { id, load };
}

/** Returns the -I folder of the full vmlinux.h for that BTF; writes it if it is missing. */
export async function ensureVmlinuxHeader(btf: BtfSource, cacheFolder: string): Promise<string> {
  const folder = join(headersFolder(btf, cacheFolder), 'full');
  const path = join(folder, 'vmlinux.h');
  if (!(await exists(path))) await writeAtomically(path, vmlinuxHeader(await btf.load()));
  return folder;
}

/** Returns the -I folder of a vmlinux.h with the types in `needs`; writes it, and loads the BTF, only if it is missing. */
export async function ensureReducedHeader(
  btf: BtfSource,
  needs: TypeNeeds,
  cacheFolder: string,
): Promise<string> {
  const reduced = join(headersFolder(btf, cacheFolder), 'reduced');
  const folder = join(reduced, needsKey(needs));
  const path = join(folder, 'vmlinux.h');
  if (await exists(path)) {
    const now = new Date();
    // Marks it as recently used, so it is not pruned. Failing on another user's folder is harmless.
    await utimes(folder, now, now).catch(() => undefined);
  } else {
    await writeAtomically(path, reducedVmlinuxHeader(await btf.load(), needs));
    await pruneFolder(reduced, REDUCED_KEPT);
  }
  return folder;
}

function needsKey(needs: TypeNeeds): string {
  const lists = [needs.names, needs.memberNames, needs.takenTags, needs.takenNames];
  return contentKey(...lists.map(list => [...list].sort().join(' '))).slice(0, 32);
}

function headersFolder(btf: BtfSource, cacheFolder: string): string {
  return join(cacheFolder, 'headers', `${HEADER_FORMAT}-${btf.id}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch {
    return false;
  }
}
