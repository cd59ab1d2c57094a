import { fstatSync, readSync } from 'node:fs';
import type { ElfSource } from '../shared/elf/elf-file';

/** Sections beyond this are of debug builds of browsers: not worth the wait. */
const READ_BYTES = 64 << 20;

/**
 * An ELF file of any size, read in parts: at most 64 MiB at once, and in all twice what the file has, since sections that
 * overlap would be read many times over. More throws RangeError.
 */
export function elfOfDescriptor(fd: number): ElfSource {
  const { size } = fstatSync(fd);
  let budget = 2 * size;
  return {
    size,
    read(offset, length) {
      budget -= length;
      if (offset + length > size || length > READ_BYTES || budget < 0)
        throw new RangeError('too much to read');
      const bytes = Buffer.alloc(length);
      if (readSync(fd, bytes, 0, length, offset) < length) throw new RangeError('the file was cut short');
      return bytes;
    },
  };
}
