/** A program's function with the real signature of what it attaches to, as a snippet. */
import { parseSection } from '../helpers/section-kinds';
import { syscallParameters } from '../helpers/syscall-signatures';
import type { KernelTypes } from '../kernel/kernel-types';
import { type KernelOperation, kernelOperations } from '../kernel/struct-ops';

/** Trampolines pass at most this many arguments in registers (include/linux/bpf.h, MAX_BPF_FUNC_REG_ARGS). */
const MAX_PROGRAM_ARGUMENTS = 12;
/** pt_regs-based arguments that libbpf's BPF_KPROBE names on every architecture (bpf_tracing.h, PT_REGS_PARM1..5). */
const MAX_KPROBE_ARGUMENTS = 5;

const CONTEXTS: Readonly<Record<string, string>> = {
  xdp: 'struct xdp_md *ctx',
  tc: 'struct __sk_buff *skb',
  socket: 'struct __sk_buff *skb',
  lwt: 'struct __sk_buff *skb',
  perf_event: 'struct bpf_perf_event_data *ctx',
  sock_ops: 'struct bpf_sock_ops *ctx',
  netfilter: 'struct bpf_nf_ctx *ctx',
  syscall: 'void *ctx',
};
/** What a program of the family returns to let things go on. */
const RESULTS: Readonly<Record<string, string>> = {
  xdp: 'XDP_PASS',
  tc: '0',
  sock_ops: '1',
  cgroup: '1',
  netfilter: '1',
};

/**
 * "int BPF_PROG(vfs_read_entry, struct file *file, ...)\n{ ... }" for a section name; null for one that libbpf does not
 * know. Placeholders are those of LSP snippets. `operation`: which of the members that have the target's name.
 */
export function programSkeleton(
  section: string,
  kernel: KernelTypes | null,
  operation: KernelOperation | null = null,
): string | null {
  const parsed = parseSection(section);
  if (!parsed) return null;
  const { kind, target } = parsed;
  const isReturn = /ret|exit/.test(kind.name) && kind.target !== 'none';
  const base = (target ?? kind.name)
    .replace(/\+.*$/, '')
    .replace(/.*[/:]/, '')
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '');
  const name = `\${1:${base || 'program'}_${isReturn ? 'exit' : kind.target === 'none' ? 'program' : 'entry'}}`;
  const result = RESULTS[kind.family] ?? '0';
  const body = `\n{\n\t$0\n\treturn ${result};\n}`;
  const list = (declarations: readonly string[]) =>
    declarations.map(one => `, ${escapeSnippet(one)}`).join('');

  switch (kind.name.replace(/\.(s|w)$/, '')) {
    case 'fentry':
    case 'fmod_ret':
    case 'lsm':
    case 'fexit': {
      const of = kind.name.startsWith('lsm') ? `bpf_lsm_${target}` : (target ?? '');
      const signature = kernel?.signature(of) ?? null;
      const parameters = signature?.parameters.slice(0, MAX_PROGRAM_ARGUMENTS).map(one => one.text) ?? [];
      const takesResult =
        (kind.name.startsWith('fexit') && signature && !signature.returnsNothing) ||
        kind.name.startsWith('fmod_ret') ||
        (kind.name.startsWith('lsm') && !signature?.returnsNothing);
      if (takesResult && signature)
        parameters.push(`${signature.returnType}${signature.returnType.endsWith('*') ? '' : ' '}ret`);
      return `int BPF_PROG(${name}${list(parameters)})${takesResult && !kind.name.startsWith('fexit') ? body.replace('return 0', 'return ret') : body}`;
    }
    case 'tp_btf':
    case 'raw_tp':
    case 'raw_tracepoint': {
      const signature = kernel?.tracepointSignature(target ?? '') ?? null;
      return `int BPF_PROG(${name}${list(signature?.parameters.map(one => one.text) ?? [])})${body}`;
    }
    case 'kprobe': {
      const signature = kernel?.signature((target ?? '').replace(/\+.*$/, '')) ?? null;
      const parameters = signature?.parameters.slice(0, MAX_KPROBE_ARGUMENTS).map(one => one.text) ?? [];
      return `int BPF_KPROBE(${name}${list(parameters)})${body}`;
    }
    case 'kretprobe': {
      const signature = kernel?.signature(target ?? '') ?? null;
      const result =
        !signature || signature.returnsNothing
          ? []
          : [`${signature.returnType}${signature.returnType.endsWith('*') ? '' : ' '}ret`];
      return `int BPF_KRETPROBE(${name}${list(result)})${body}`;
    }
    case 'kprobe.multi':
    case 'kretprobe.multi':
    case 'kprobe.session':
      return `int ${isReturn ? 'BPF_KRETPROBE' : 'BPF_KPROBE'}(${name})${body}`;
    case 'ksyscall':
      return `int BPF_KSYSCALL(${name}${list(parametersOfSyscall(kernel, target ?? '') ?? [])})${body}`;
    case 'kretsyscall':
      return `int BPF_KRETPROBE(${name}, int ret)${body}`;
    case 'uprobe':
      // BPF_UPROBE came with libbpf 1.2 and is the same macro.
      return `int BPF_KPROBE(${name})${body}`;
    case 'uretprobe':
      return `int BPF_KRETPROBE(${name}, long ret)${body}`;
    case 'usdt':
      return `int BPF_USDT(${name})${body}`;
    case 'tp':
    case 'tracepoint':
      return `int ${name}(struct ${tracepointContext(kernel, target ?? '')} *ctx)${body}`;
    case 'struct_ops': {
      const found =
        operation ??
        (kernel && target ? kernelOperations(kernel).find(one => one.signature.name === target) : null);
      if (!found) return `int BPF_PROG(${name})${body}`;
      const { returnType, returnsNothing, parameters } = found.signature;
      const own = `\${1:${target}}`;
      const before = `${returnType}${returnType.endsWith('*') ? '' : ' '}BPF_PROG(${own}${list(parameters.map(one => one.text))})`;
      return returnsNothing ? `${before}\n{\n\t$0\n}` : `${before}${body}`;
    }
    case 'iter':
      return `int ${name}(struct bpf_iter__${target || 'task'} *ctx)${body}`;
    default: {
      const context = CONTEXTS[kind.family] ?? 'void *ctx';
      return `int ${name}(${context})${body}`;
    }
  }
}

/** The struct of a classic tracepoint's record: of its own, of all system calls, or of its template (event class). */
export function tracepointContext(kernel: KernelTypes | null, target: string): string {
  const [category, event = ''] = target.split('/');
  if (category === 'syscalls')
    return event.startsWith('sys_exit') ? 'trace_event_raw_sys_exit' : 'trace_event_raw_sys_enter';
  const own = kernel?.tracepointRecord(event);
  if (own) return own;
  // DECLARE_EVENT_CLASS templates are named for a common prefix of their events.
  for (let words = event.split('_'); words.length > 1; words = words.slice(0, -1)) {
    const record =
      kernel?.tracepointRecord(`${words.slice(0, -1).join('_')}_template`) ??
      kernel?.tracepointRecord(words.slice(0, -1).join('_'));
    if (record) return record;
  }
  return `trace_event_raw_${event}`;
}

/** A system call's parameters, from the function behind it, else from the table of the well-known; null: not known. */
export function parametersOfSyscall(kernel: KernelTypes | null, name: string): readonly string[] | null {
  for (const prefix of ['__do_sys_', '__se_sys_', 'ksys_']) {
    const signature = kernel?.signature(prefix + name);
    if (signature && signature.parameters.length > 0) return signature.parameters.map(one => one.text);
  }
  return syscallParameters(name);
}

export function escapeSnippet(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
