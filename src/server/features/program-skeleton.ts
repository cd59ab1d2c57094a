/** A program's function with the real signature of its attach point, as a snippet. */

import { parseSection } from '../../shared/bpf/section-kinds';
import { programContext } from '../helpers/program-contexts';
import { parametersOfSyscall } from '../helpers/syscall-signatures';
import type { KernelSignature, KernelTypes } from '../kernel/kernel-types';
import { type KernelOperation, kernelOperations } from '../kernel/struct-ops';

/** Maximum number of arguments that trampolines pass in registers (include/linux/bpf.h, MAX_BPF_FUNC_REG_ARGS). */
const MAX_PROGRAM_ARGUMENTS = 12;
/** pt_regs-based arguments that libbpf's BPF_KPROBE names on every architecture (bpf_tracing.h, PT_REGS_PARM1..5). */
const MAX_KPROBE_ARGUMENTS = 5;

/**
 * "int BPF_PROG(vfs_read_entry, struct file *file, ...)\n{ ... }" for a section name; null for one unknown to libbpf.
 * Placeholders are LSP snippets. `operation`: which of the members with the target's name.
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
    // Remove the path first: libstdc++.so.6 has no offset in its name.
    .replace(/.*[/:]/, '')
    .replace(/\+.*$/, '')
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '');
  const name = `\${1:${base || 'program'}_${isReturn ? 'exit' : kind.target === 'none' ? 'program' : 'entry'}}`;
  const returning = (result: string) => `\n{\n\t$0\n\treturn ${result};\n}`;
  const body = returning('0');
  const list = (declarations: readonly string[]) =>
    declarations.map(one => `, ${escapeSnippet(one)}`).join('');

  switch (kind.name.replace(/\.(s|w)$/, '')) {
    case 'fentry':
    case 'fexit':
    case 'fsession':
    case 'fmod_ret': {
      const signature = kernel?.signature(target ?? '') ?? null;
      const parameters = parametersOf(signature, MAX_PROGRAM_ARGUMENTS);
      // A session program also runs at entry, where the result is 0.
      if (kind.name !== 'fentry' && kind.name !== 'fentry.s') parameters.push(...resultOf(signature));
      return `int BPF_PROG(${name}${list(parameters)})${kind.name.startsWith('fmod_ret') && signature ? returning('ret') : body}`;
    }
    case 'lsm': {
      const signature = kernel?.signature(`bpf_lsm_${target}`) ?? null;
      const result = resultOf(signature);
      const parameters = [...parametersOf(signature, MAX_PROGRAM_ARGUMENTS), ...result];
      return `int BPF_PROG(${name}${list(parameters)})${result.length > 0 ? returning('ret') : body}`;
    }
    case 'lsm_cgroup': {
      const parameters = parametersOf(kernel?.signature(`bpf_lsm_${target}`) ?? null, MAX_PROGRAM_ARGUMENTS);
      // As in other control group programs: 1 allows, 0 denies (tools/testing/selftests/bpf/progs/lsm_cgroup.c).
      return `int BPF_PROG(${name}${list(parameters)})${returning('1')}`;
    }
    case 'tp_btf':
    case 'raw_tp':
    case 'raw_tracepoint': {
      const signature = kernel?.tracepointSignature(target ?? '') ?? null;
      return `int BPF_PROG(${name}${list(signature?.parameters.map(one => one.text) ?? [])})${body}`;
    }
    case 'kprobe': {
      const signature = kernel?.signature((target ?? '').replace(/\+.*$/, '')) ?? null;
      return `int BPF_KPROBE(${name}${list(parametersOf(signature, MAX_KPROBE_ARGUMENTS))})${body}`;
    }
    case 'kretprobe':
      return `int BPF_KRETPROBE(${name}${list(resultOf(kernel?.signature(target ?? '') ?? null))})${body}`;
    case 'kprobe.multi':
    case 'kretprobe.multi':
    case 'kprobe.session':
      return `int ${isReturn ? 'BPF_KRETPROBE' : 'BPF_KPROBE'}(${name})${body}`;
    case 'ksyscall':
      return `int BPF_KSYSCALL(${name}${list(parametersOfSyscall(kernel, target ?? '') ?? [])})${body}`;
    case 'kretsyscall':
      return `int BPF_KRETPROBE(${name}, int ret)${body}`;
    case 'uprobe':
    case 'uprobe.multi':
    case 'uprobe.session':
      // BPF_UPROBE came with libbpf 1.2 and is the same macro.
      return `int BPF_KPROBE(${name})${body}`;
    case 'uretprobe':
    case 'uretprobe.multi':
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
      const { parameter, result } = programContext(kind);
      return `int ${name}(${parameter})${returning(result)}`;
    }
  }
}

/** The struct of a classic tracepoint's record: its own, that of all system calls, or its template's (event class). */
export function tracepointContext(kernel: KernelTypes | null, target: string): string {
  const [category, event = ''] = target.split('/');
  if (category === 'syscalls')
    return event.startsWith('sys_exit') ? 'trace_event_raw_sys_exit' : 'trace_event_raw_sys_enter';
  const own = kernel?.tracepointRecord(event);
  if (own) return own;
  // DECLARE_EVENT_CLASS templates are named after a common prefix of their events.
  for (let words = event.split('_'); words.length > 1; words = words.slice(0, -1)) {
    const record =
      kernel?.tracepointRecord(`${words.slice(0, -1).join('_')}_template`) ??
      kernel?.tracepointRecord(words.slice(0, -1).join('_'));
    if (record) return record;
  }
  return `trace_event_raw_${event}`;
}

const parametersOf = (signature: KernelSignature | null, most: number): string[] =>
  signature?.parameters.slice(0, most).map(one => one.text) ?? [];

/** The parameter for the result; none for a function that returns nothing or is unknown. */
const resultOf = (signature: KernelSignature | null): string[] =>
  signature && !signature.returnsNothing
    ? [`${signature.returnType}${signature.returnType.endsWith('*') ? '' : ' '}ret`]
    : [];

export function escapeSnippet(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
