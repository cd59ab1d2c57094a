/** Where distributions and administrators install programs: what is elevated comes from nowhere else, since folders of PATH may be writable by others. */
export const SYSTEM_FOLDERS: readonly string[] = [
  '/run/wrappers/bin',
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
];

/** Debian's names of architectures (multiarch), by Node's process.arch. */
const TRIPLES: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

/** Where system headers lie: "/usr/include/x86_64-linux-gnu" last. `arch` is Node's process.arch. */
export function headerFolders(arch: string): readonly string[] {
  const triple = TRIPLES[arch];
  return ['/usr/include', '/usr/local/include', ...(triple ? [`/usr/include/${triple}`] : [])];
}

/**
 * Where a library named without a slash is looked for: libbpf's folders (tools/lib/bpf/libbpf.c, resolve_full_path()),
 * then those that distributions add for what is installed locally. `arch` is Node's process.arch.
 */
export function libraryFolders(arch: string): readonly string[] {
  const triple = TRIPLES[arch];
  const named = triple ? [`/usr/lib/${triple}`, `/lib/${triple}`, `/usr/local/lib/${triple}`] : [];
  return ['/usr/lib64', '/usr/lib', '/lib64', '/lib', ...named, '/usr/local/lib'];
}

/** Whether libbpf takes a name without a slash for a library's rather than a program's. */
export function isLibraryName(name: string): boolean {
  return name.endsWith('.so') || name.includes('.so.');
}
