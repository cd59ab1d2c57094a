import { createHash } from 'node:crypto';
import { stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Btf } from '../shared/btf/btf-model';
import { contentKey, pruneFolder, writeAtomically } from '../system/cache-files';
import { vmlinuxHeader } from './vmlinux-header';
import { reducedVmlinuxHeader, type TypeNeeds } from './vmlinux-reduce';

/** Part of every folder name: raise it when the text of a header changes for the same BTF. */
const HEADER_FORMAT = 1;
const REDUCED_KEPT = 256;

/** A kernel's types, loaded when they are first needed: what is compiled already needs none. */
export interface BtfSource {
  /** Names the contents, e.g. btfId(bytes): the same id must mean the same types. */
  readonly id: string;
  load(): Btf | Promise<Btf>;
}

/** An id for a BTF blob: 32 hex digits of its SHA-256. */
export function btfId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/** The folder to -I for the full vmlinux.h of that BTF; written when it is not there. */
export async function ensureVmlinuxHeader(btf: BtfSource, cacheFolder: string): Promise<string> {
  const folder = join(headersFolder(btf, cacheFolder), 'full');
  const path = join(folder, 'vmlinux.h');
  if (!(await exists(path))) await writeAtomically(path, vmlinuxHeader(await btf.load()));
  return folder;
}

/** The folder to -I for a vmlinux.h with what `needs` asks for; written, and the BTF loaded, only when it is not there. */
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
    // Kept from being pruned; a folder of somebody else's is not worth failing for.
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
