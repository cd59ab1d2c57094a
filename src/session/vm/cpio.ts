/**
 * Writes cpio archives in the "newc" format, the one the kernel unpacks as initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Archives may be concatenated.
 */

export type CpioEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly kind: 'device'; readonly path: string; readonly major: number; readonly minor: number };

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFCHR = 0o020000;
const ALIGNMENT = 4;

/** One archive, including the trailer. Paths are relative, folders precede their contents. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  let inode = 1;
  for (const entry of entries) {
    switch (entry.kind) {
      case 'folder':
        parts.push(...member(entry.path, S_IFDIR | 0o755, inode++, new Uint8Array(), 0, 0));
        break;
      case 'file':
        parts.push(...member(entry.path, S_IFREG | entry.mode, inode++, entry.bytes, 0, 0));
        break;
      case 'device':
        parts.push(
          ...member(entry.path, S_IFCHR | 0o600, inode++, new Uint8Array(), entry.major, entry.minor),
        );
        break;
    }
  }
  parts.push(...member('TRAILER!!!', 0, 0, new Uint8Array(), 0, 0));
  return Buffer.concat(parts);
}

function member(
  path: string,
  mode: number,
  inode: number,
  bytes: Uint8Array,
  major: number,
  minor: number,
): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const links = mode & S_IFDIR ? 2 : 1;
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const fields = [inode, mode, 0, 0, links, 0, bytes.byteLength, 0, 0, major, minor, name.byteLength, 0];
  const header = Buffer.from(`070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.byteLength + name.byteLength), bytes, padding(bytes.byteLength)];
}

function padding(bytes: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT);
}
