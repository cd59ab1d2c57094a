import type { AttachPoint } from './model';

/**
 * What a program's section name says about where it attaches, by libbpf's SEC grammar
 * (Documentation/bpf/libbpf/program_types.rst and the SEC_DEF table of tools/lib/bpf/libbpf.c): `type` alone or
 * `type/extras`. A leading '?' (do not load by itself) is ignored. A type without its extras gives empty names: the
 * attach point is then chosen at run time. Everything that is not a tracing type is { kind: 'other' }.
 */
export function parseAttachPoint(section: string): AttachPoint {
  const name = section.startsWith('?') ? section.slice(1) : section;
  const slash = name.indexOf('/');
  const type = slash < 0 ? name : name.slice(0, slash);
  const extras = slash < 0 ? '' : name.slice(slash + 1);
  return parseByType(type, extras) ?? { kind: 'other', section: name };
}

function parseByType(type: string, extras: string): AttachPoint | null {
  switch (type) {
    case 'fentry':
    case 'fentry.s':
      return { kind: 'fentry', function: extras };
    case 'fexit':
    case 'fexit.s':
      return { kind: 'fexit', function: extras };
    case 'fmod_ret':
    case 'fmod_ret.s':
      return { kind: 'fmod_ret', function: extras };
    case 'kprobe':
    case 'kretprobe':
      return { kind: type, ...functionAndOffset(extras) };
    case 'kprobe.multi':
    case 'kretprobe.multi':
      return { kind: type, pattern: extras };
    case 'ksyscall':
    case 'kretsyscall':
      return { kind: type, syscall: extras };
    case 'tp':
    case 'tracepoint':
      return tracepoint(extras);
    case 'raw_tp':
    case 'raw_tp.w':
    case 'raw_tracepoint':
    case 'raw_tracepoint.w':
      return { kind: 'raw_tp', name: extras };
    case 'tp_btf':
      return { kind: 'tp_btf', name: extras };
    case 'uprobe':
    case 'uprobe.s':
      return uprobe('uprobe', extras);
    case 'uretprobe':
    case 'uretprobe.s':
      return uprobe('uretprobe', extras);
    case 'usdt':
    case 'usdt.s':
      return usdt(extras);
    case 'perf_event':
      return { kind: 'perf_event' };
    case 'iter':
    case 'iter.s':
      return { kind: 'iter', target: extras };
    default:
      return null;
  }
}

/** `name` or `name+offset`; the offset as C writes numbers (libbpf scans it with %li). */
function functionAndOffset(text: string): { function: string; offset: number } {
  const plus = text.lastIndexOf('+');
  if (plus < 0) return { function: text, offset: 0 };
  const digits = text.slice(plus + 1);
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(digits)) return { function: text, offset: 0 };
  const octal = /^0[0-7]+$/.test(digits);
  return { function: text.slice(0, plus), offset: octal ? Number.parseInt(digits, 8) : Number(digits) };
}

function tracepoint(extras: string): AttachPoint {
  const slash = extras.indexOf('/');
  if (slash < 0) return { kind: 'tracepoint', category: extras, name: '' };
  return { kind: 'tracepoint', category: extras.slice(0, slash), name: extras.slice(slash + 1) };
}

/** `PATH:FUNCTION[+OFFSET]`; libbpf ends the path at the first colon. */
function uprobe(kind: 'uprobe' | 'uretprobe', extras: string): AttachPoint {
  const colon = extras.indexOf(':');
  if (colon < 0) return { kind, path: extras, symbol: '', offset: 0 };
  const { function: symbol, offset } = functionAndOffset(extras.slice(colon + 1));
  return { kind, path: extras.slice(0, colon), symbol, offset };
}

function usdt(extras: string): AttachPoint {
  const [path = '', provider = '', ...probe] = extras.split(':');
  return { kind: 'usdt', path, provider, probe: probe.join(':') };
}
