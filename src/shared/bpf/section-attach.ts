/** What may become of each program when it is attached by its section. */
import { parseAttachPoint } from './attach-point';
import { kernelTargetGrammar, parseSection, type TargetKind } from './section-kinds';

export type SectionAttach =
  /** libbpf's own attaching: the section names nothing but what is the kernel's. */
  | { readonly how: 'libbpf' }
  | {
      readonly how: 'uprobe';
      /** As written: a path, or the name of a library or a command. */
      readonly file: string;
      /** null: `offset` is one in the file. */
      readonly symbol: string | null;
      readonly offset: bigint;
      readonly return: boolean;
    }
  | { readonly how: 'usdt'; readonly file: string; readonly provider: string; readonly probe: string }
  | { readonly how: 'loaded only' }
  /** `why` ends a sentence about the section, and says what to do. */
  | { readonly how: 'refused'; readonly why: string };

const refused = (why: string): SectionAttach => ({ how: 'refused', why });

/** How a program is attached by its section alone. What libbpf is given is listed here; nothing else gets there. */
export function sectionAttach(section: string): SectionAttach {
  if (/\p{Cc}/u.test(section)) return refused('has control characters. Rename it.');
  const parsed = parseSection(section);
  if (!parsed) return refused('is of a kind that cannot be attached here. Check its spelling.');
  const { kind, target } = parsed;
  switch (kind.target) {
    case 'iterator':
      return { how: 'loaded only' };
    case 'user-pattern':
      return refused(
        'names a file that libbpf would open with the rights of the tracer. Use SEC("uprobe/...") for each function.',
      );
    case 'operation':
      return NO_ATTACH_POINT;
    case 'none':
      return kind.family === 'perf_event' ? NO_TARGET : NO_ATTACH_POINT;
    default:
  }
  // It attaches to a control group, which the section does not name.
  if (kind.name === 'lsm_cgroup') return NO_ATTACH_POINT;
  if (!target) return NO_TARGET;
  if (kind.target === 'user-function' || kind.target === 'usdt') return fileAttach(section);
  return kernelTargetGrammar(kind)?.test(target)
    ? { how: 'libbpf' }
    : refused(`names no ${WHAT[kind.target] ?? kind.target} that can exist.`);
}

const WHAT: Partial<Readonly<Record<TargetKind, string>>> = {
  syscall: 'system call',
  'raw-tracepoint': 'tracepoint',
  'lsm-hook': 'hook',
  'program-function': 'function',
};
const NO_TARGET = refused('names no attach point. Choose one for it.');
const NO_ATTACH_POINT = refused(
  'names no attach point: an interface, a socket or a control group has to be chosen, which is not possible here.',
);

function fileAttach(section: string): SectionAttach {
  const point = parseAttachPoint(section);
  if (point.kind === 'usdt' && point.path && point.provider && point.probe)
    return { how: 'usdt', file: point.path, provider: point.provider, probe: point.probe };
  if ((point.kind === 'uprobe' || point.kind === 'uretprobe') && point.path && point.symbol) {
    const isOffset = /^(0x[0-9a-f]+|\d+)$/i.test(point.symbol);
    return {
      how: 'uprobe',
      file: point.path,
      symbol: isOffset ? null : point.symbol,
      offset: BigInt(isOffset ? point.symbol : point.offset),
      return: point.kind === 'uretprobe',
    };
  }
  return refused('does not name a file and what to probe in it, as in SEC("uprobe//bin/bash:readline").');
}
