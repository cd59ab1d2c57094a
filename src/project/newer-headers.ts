/** Errors of clang that come from headers that are older than the program: what is missing, and which version has it. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { CompileDiagnostic } from '../compile/diagnostics';
import { readText } from './files';

/**
 * Macros of libbpf's BPF headers that came after 1.0, by the first release whose bpf_helpers.h, bpf_tracing.h,
 * bpf_core_read.h or usdt.bpf.h defines them (tools/lib/bpf in the kernel's history), with what may stand in for them.
 */
const SINCE: Readonly<Record<string, readonly [version: string, instead?: string]>> = {
  BPF_PROG2: ['1.1'],
  BPF_UPROBE: ['1.2', 'BPF_KPROBE is the same'],
  BPF_URETPROBE: ['1.2', 'BPF_KRETPROBE is the same'],
  bpf_for: ['1.2'],
  bpf_for_each: ['1.2'],
  bpf_repeat: ['1.2'],
  bpf_ksym_exists: ['1.2', 'a weak symbol can be compared with 0'],
  __kptr_untrusted: ['1.2'],
  __percpu_kptr: ['1.3'],
  bpf_core_cast: ['1.4', 'bpf_rdonly_cast(x, bpf_core_type_id_kernel(type)) is the same'],
  __arg_ctx: ['1.4'],
  __arg_nonnull: ['1.4'],
  __arg_trusted: ['1.4'],
  __arg_arena: ['1.4'],
  // Before 1.0, for a project's own old libbpf.
  BPF_KSYSCALL: ['1.0', 'BPF_KPROBE_SYSCALL is its older name'],
  BPF_USDT: ['0.8'],
  bpf_core_type_matches: ['1.0'],
};

const HEADER_BYTES = 4 << 20;

/**
 * One error for each macro on clang's error lines that libbpf's headers in `libbpfFolder`, and the program's own, do not
 * define, where the name is known to be in a newer release.
 */
export async function newerMacros(
  diagnostics: readonly CompileDiagnostic[],
  libbpfFolder: string,
): Promise<CompileDiagnostic[]> {
  const errors = diagnostics.filter(({ severity, file }) => severity === 'error' && file !== '');
  const places = new Map<string, CompileDiagnostic>();
  for (const error of errors) {
    const line = (await readText(error.file, HEADER_BYTES))?.split('\n')[error.line - 1] ?? '';
    for (const name of new Set(line.match(/\w+/g) ?? []))
      if (Object.hasOwn(SINCE, name) && !places.has(name)) places.set(name, error);
  }
  if (places.size === 0) return [];
  const { defined, version } = await readLibbpf(libbpfFolder);
  return [...places].flatMap(([name, { file, line }]): CompileDiagnostic[] => {
    const [since = '', instead] = SINCE[name] ?? [];
    if (defined.has(name)) return [];
    const have = version === null ? 'are older' : `are of ${version}`;
    const advice = instead === undefined ? '' : ` ${instead}.`;
    const message = `${name} is in libbpf ${since} and newer; the headers in ${path.join(libbpfFolder, 'bpf')} ${have}.${advice} Newer headers are used when the project has them, or their folder is given.`;
    return [{ ...{ file, line, column: 1, flag: '', notes: [], fixits: [] }, severity: 'error', message }];
  });
}

async function readLibbpf(folder: string): Promise<{ defined: ReadonlySet<string>; version: string | null }> {
  const bpf = path.join(folder, 'bpf');
  const defined = new Set<string>();
  for (const name of await readdir(bpf).catch(() => [])) {
    if (!name.endsWith('.h')) continue;
    const text = await readText(path.join(bpf, name), HEADER_BYTES);
    for (const [, macro = ''] of text?.matchAll(/^\s*#\s*define\s+(\w+)/gm) ?? []) defined.add(macro);
  }
  const text = await readText(path.join(bpf, 'libbpf_version.h'), HEADER_BYTES);
  const part = (which: string) => new RegExp(`LIBBPF_${which}_VERSION\\s+(\\d+)`).exec(text ?? '')?.[1];
  const [major, minor] = [part('MAJOR'), part('MINOR')];
  return { defined, version: major === undefined || minor === undefined ? null : `${major}.${minor}` };
}

/**
 * One error for each member that the target's types lack, for programs that ask for it behind bpf_core_field_exists();
 * only for structs that the kernel has, by `hasStruct`.
 */
export function newerMembers(
  diagnostics: readonly CompileDiagnostic[],
  hasStruct: (name: string) => boolean,
): CompileDiagnostic[] {
  const seen = new Set<string>();
  return diagnostics.flatMap((error): CompileDiagnostic[] => {
    const [, member, kind, name = ''] =
      /^no member named '(\w+)' in '(?:const |volatile )*(struct|union) (\w+)'/.exec(error.message) ?? [];
    const key = `${name}.${member}`;
    if (member === undefined || seen.has(key) || !hasStruct(name)) return [];
    seen.add(key);
    const message = `The target's kernel has no member ${member} in ${kind} ${name}. Where the program asks with bpf_core_field_exists() whether the kernel has it, compile against the types of one that does: a vmlinux.h in the project, or bpfw's --vmlinux FILE.`;
    const { file, line } = error;
    return [{ ...{ file, line, column: 1, flag: '', notes: [], fixits: [] }, severity: 'error', message }];
  });
}
