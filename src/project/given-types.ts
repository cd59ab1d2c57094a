/** Kernel types that the user gives instead of the target's. */
import path from 'node:path';
import { type BtfSource, btfSource } from '../compile/vmlinux-cache';
import { ElfFile, elfInMemory } from '../shared/elf/elf-file';
import { contentKey, writeAtomically } from '../system/cache-files';
import { readUntrustedFile } from '../system/untrusted-file';

/** A vmlinux with debug information has hundreds of megabytes. */
const FILE_BYTES = 2047 << 20;

/** A folder with a vmlinux.h, or the BTF to make one from. */
export type GivenTypes = { readonly folder: string } | { readonly btf: BtfSource };

/**
 * Reads a vmlinux.h under any name, a BTF file, or an ELF file with a .BTF section. Throws the system's error, FileRefusal
 * and, when it is used, ObjectError if its BTF is damaged.
 */
export async function readGivenTypes(file: string, cacheFolder: string): Promise<GivenTypes> {
  const bytes = await readUntrustedFile(file, FILE_BYTES);
  const btf = isBtf(bytes) ? bytes : sectionOf(bytes);
  if (btf) return { btf: btfSource(btf) };
  const folder = path.join(cacheFolder, 'given-headers', contentKey(bytes).slice(0, 32));
  await writeAtomically(path.join(folder, 'vmlinux.h'), bytes);
  return { folder };
}

/** BTF_MAGIC, include/uapi/linux/btf.h. */
function isBtf(bytes: Buffer): boolean {
  return bytes.length > 2 && bytes.readUInt16LE(0) === 0xeb9f;
}

/** The .BTF section of an ELF file; null if this is none, or it has no such section. */
function sectionOf(bytes: Uint8Array): Uint8Array | null {
  const elf = ElfFile.open(elfInMemory(bytes));
  const section = elf?.section('.BTF');
  return elf && section ? elf.bytes(section) : null;
}
