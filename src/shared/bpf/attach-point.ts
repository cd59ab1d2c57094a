import { parseSection } from './section-kinds';

/** Where a program attaches, as its section name says it. */
export type AttachPoint =
  | { kind: 'fentry' | 'fexit' | 'fmod_ret'; function: string }
  | { kind: 'kprobe' | 'kretprobe'; function: string; offset: number }
  | { kind: 'kprobe.multi' | 'kretprobe.multi'; pattern: string }
  | { kind: 'ksyscall' | 'kretsyscall'; syscall: string }
  | { kind: 'tracepoint'; category: string; name: string }
  | { kind: 'raw_tp' | 'tp_btf'; name: string }
  | { kind: 'uprobe' | 'uretprobe'; path: string; symbol: string; offset: number }
  | { kind: 'usdt'; path: string; provider: string; probe: string }
  | { kind: 'perf_event' }
  | { kind: 'iter'; target: string }
  | { kind: 'other'; section: string };

/**
 * What a program's section name says about where it attaches. A kind without its target gives empty names: the attach
 * point is then chosen at run time. Everything that is not a tracing kind is { kind: 'other' }.
 */
export function parseAttachPoint(section: string): AttachPoint {
  const parsed = parseSection(section);
  return (
    (parsed && pointOf(parsed.kind.name, parsed.target ?? '')) ?? {
      kind: 'other',
      section: section.replace(/^\?/, ''),
    }
  );
}

function pointOf(kind: string, target: string): AttachPoint | null {
  switch (kind.replace(/\.[sw]$/, '')) {
    case 'fentry':
      return { kind: 'fentry', function: target };
    case 'fexit':
      return { kind: 'fexit', function: target };
    case 'fmod_ret':
      return { kind: 'fmod_ret', function: target };
    case 'kprobe':
      return { kind: 'kprobe', ...functionAndOffset(target) };
    case 'kretprobe':
      return { kind: 'kretprobe', ...functionAndOffset(target) };
    case 'kprobe.multi':
      return { kind: 'kprobe.multi', pattern: target };
    case 'kretprobe.multi':
      return { kind: 'kretprobe.multi', pattern: target };
    case 'ksyscall':
      return { kind: 'ksyscall', syscall: target };
    case 'kretsyscall':
      return { kind: 'kretsyscall', syscall: target };
    case 'tp':
    case 'tracepoint':
      return tracepoint(target);
    case 'raw_tp':
    case 'raw_tracepoint':
      return { kind: 'raw_tp', name: target };
    case 'tp_btf':
      return { kind: 'tp_btf', name: target };
    case 'uprobe':
      return uprobe('uprobe', target);
    case 'uretprobe':
      return uprobe('uretprobe', target);
    case 'usdt':
      return usdt(target);
    case 'perf_event':
      return { kind: 'perf_event' };
    case 'iter':
      return { kind: 'iter', target };
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

function tracepoint(target: string): AttachPoint {
  const slash = target.indexOf('/');
  if (slash < 0) return { kind: 'tracepoint', category: target, name: '' };
  return { kind: 'tracepoint', category: target.slice(0, slash), name: target.slice(slash + 1) };
}

/** `PATH:FUNCTION[+OFFSET]`; libbpf ends the path at the first colon. */
function uprobe(kind: 'uprobe' | 'uretprobe', target: string): AttachPoint {
  const colon = target.indexOf(':');
  if (colon < 0) return { kind, path: target, symbol: '', offset: 0 };
  const { function: symbol, offset } = functionAndOffset(target.slice(colon + 1));
  return { kind, path: target.slice(0, colon), symbol, offset };
}

function usdt(target: string): AttachPoint {
  const [path = '', provider = '', ...probe] = target.split(':');
  return { kind: 'usdt', path, provider, probe: probe.join(':') };
}
