/**
 * Extracts vmlinux from a compressed kernel image. Under emulation, decompression takes longer than the rest of the
 * kernel's start (measured: 5.5 s against 1.1 s until its first line), so it is done once, here, and QEMU boots the ELF
 * file directly. The same file contains the kernel's BTF, which can then be read without a boot.
 */

import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ElfFile } from '../../shared/elf/elf-file';
import { elfNotes } from '../../shared/elf/elf-notes';
import { writeAtomically } from '../../system/cache-files';
import { runChild } from '../../system/child-process';
import { elfOfDescriptor } from '../../system/elf-descriptor';
import { findExecutable } from '../../system/find-executable';
import type { KernelImage } from './kernel-image';

/** Offsets in the x86 boot protocol's header (Documentation/arch/x86/boot.rst). */
const BOOT_HEADER = {
  setupSectors: 0x1f1,
  magic: 0x202,
  payloadOffset: 0x248,
  payloadLength: 0x24c,
} as const;
const BOOT_MAGIC = 'HdrS';
const SECTOR_BYTES = 512;

/** Payloads end with their uncompressed size as u32 (scripts/Makefile.lib, size_append); gzip has it in its own format. */
const SIZE_BYTES = 4;
const UNPACK_DEADLINE_MS = 120_000;
const COMPRESSIONS = [
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), tool: 'xz' },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), tool: 'zstd' },
  { magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]), tool: 'lz4' },
] as const;
const MAX_KERNEL_BYTES = 1 << 30;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/**
 * Path of the kernel's ELF file, from the cache if it was unpacked before. null when it cannot be unpacked (another
 * format, missing tool): the image itself also boots, only slower.
 */
export async function unpackedVmlinux(kernel: KernelImage, cacheFolder: string): Promise<string | null> {
  const { size, mtimeMs } = await stat(kernel.imagePath);
  const folder = path.join(cacheFolder, 'vmlinux');
  const file = path.join(folder, `${kernel.release}-${size}-${Math.floor(mtimeMs)}`);
  if (await stat(file).catch(() => null)) return file;
  const elf = await unpack(await readFile(kernel.imagePath));
  if (!elf) return null;
  await writeAtomically(file, elf);
  for (const old of await readdir(folder)) {
    const isOurs =
      old.startsWith(`${kernel.release}-`) && /^\d+-\d+$/.test(old.slice(kernel.release.length + 1));
    if (isOurs && old !== path.basename(file)) await rm(path.join(folder, old), { force: true });
  }
  return file;
}

/** The kernel's BTF (the content of /sys/kernel/btf/vmlinux), without booting it; null when it cannot be extracted. */
export async function kernelImageBtf(kernel: KernelImage, cacheFolder: string): Promise<Buffer | null> {
  const file = await unpackedVmlinux(kernel, cacheFolder);
  return file ? elfSection(file, '.BTF') : null;
}

/** True when QEMU can boot the ELF file: it has the Xen note XEN_ELFNOTE_PHYS32_ENTRY (include/xen/interface/elfnote.h). */
export async function hasPvhEntry(file: string): Promise<boolean> {
  const notes = elfSection(file, '.notes');
  if (!notes) return false;
  const XEN_ELFNOTE_PHYS32_ENTRY = 18;
  for (const { owner, type } of elfNotes(notes))
    if (owner === 'Xen' && type === XEN_ELFNOTE_PHYS32_ENTRY) return true;
  return false;
}

/** Extracts the kernel's ELF file from its boot image; null when the format is unknown, it is damaged, or the tool is missing. */
async function unpack(image: Buffer): Promise<Buffer | null> {
  if (image.length < BOOT_HEADER.payloadLength + 4) return null;
  const magic = image.toString('latin1', BOOT_HEADER.magic, BOOT_HEADER.magic + BOOT_MAGIC.length);
  if (magic !== BOOT_MAGIC) return null;
  // 0 means 4, for compatibility.
  const protectedMode = ((image[BOOT_HEADER.setupSectors] || 4) + 1) * SECTOR_BYTES;
  const start = protectedMode + image.readUInt32LE(BOOT_HEADER.payloadOffset);
  const payload = image.subarray(start, start + image.readUInt32LE(BOOT_HEADER.payloadLength));
  const startsWith = (bytes: Buffer): boolean => payload.subarray(0, bytes.length).equals(bytes);
  if (startsWith(GZIP_MAGIC)) return gunzipped(payload);
  const compression = COMPRESSIONS.find(one => startsWith(one.magic));
  const tool = compression && (await findExecutable(compression.tool));
  if (!tool) return null;
  const elf = await filter(tool, ['-dc'], payload.subarray(0, -SIZE_BYTES));
  return elf?.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')) ? elf : null;
}

function gunzipped(payload: Uint8Array): Buffer | null {
  try {
    return gunzipSync(payload, { maxOutputLength: MAX_KERNEL_BYTES });
  } catch {
    return null;
  }
}

async function filter(tool: string, args: readonly string[], input: Uint8Array): Promise<Buffer | null> {
  const limits = { deadlineMs: UNPACK_DEADLINE_MS, outputBytes: MAX_KERNEL_BYTES };
  const { code, stdout, truncated } = await runChild('tool', tool, args, { ...limits, input });
  return code === 0 && !truncated ? stdout : null;
}

/** Bytes of one section, without reading the whole file; null where there is none of that name, or the file is damaged. */
function elfSection(file: string, wanted: string): Buffer | null {
  const image = openSync(file, 'r');
  try {
    const elf = ElfFile.open(elfOfDescriptor(image));
    const section = elf?.section(wanted);
    return elf && section ? Buffer.from(elf.bytes(section)) : null;
  } catch (error) {
    // A header that points outside of the file, or of its own table.
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    closeSync(image);
  }
}
