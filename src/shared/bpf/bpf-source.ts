/**
 * Which C files are BPF programs: by name (.bpf.c, libbpf's convention), else by what they say, as the kernel's samples
 * (foo_kern.c) and selftests (progs/foo.c) do.
 */
const NAMED = /\.bpf\.[ch]$/;
const INCLUDES = /^[ \t]*#[ \t]*include[ \t]*["<](?:[\w./-]*\/)?(?:vmlinux|bpf_helpers)\.h[">]/m;
const SECTION = /\bSEC[ \t]*\(/;

/** True for a source that clang compiles for BPF. `path` may be a URI's; `text` is asked only where the name does not say. */
export function isBpfSource(path: string, text: () => string): boolean {
  if (NAMED.test(path)) return true;
  if (/\.(h|hpp|hh|cpp|cc|cxx)$/.test(path)) return false;
  const written = text();
  return INCLUDES.test(written) && SECTION.test(written);
}
