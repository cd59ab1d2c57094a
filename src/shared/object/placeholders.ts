/**
 * Sections that only stand for what the object's loader chooses: SEC("uprobe"), SEC("kprobe/dummy_file_read"),
 * SEC("perf_event"). Each becomes a parameter, so that it is asked for like any other value.
 */
import type { AttachPoint } from '../bpf/attach-point';
import type { Parameter, Program } from './model';

/** Names that no kernel has: libbpf-tools' loaders replace them (fsdist, fsslower, funclatency ...). */
const PLACEHOLDER = /^(dummy\w*|placeholder\w*|foo|bar|xxx)$/i;

/** In a section: the program that loads the object, which has the probed function itself (libbpf-bootstrap's uprobe and usdt). */
const LOADER = '/proc/self/exe';

/** As `perf record` and bcc's profile sample, but out of step with timers of 100 Hz. */
const SAMPLES_PER_SECOND = '99';

/** What the target of a program without BPFW_TARGET is set by: the name of the parameter; null when its section has a target. */
export function placeholderOf(point: AttachPoint, program: string): string | null {
  switch (point.kind) {
    case 'kprobe':
    case 'kretprobe':
    case 'fentry':
    case 'fexit':
      if (point.function === '') return program;
      return PLACEHOLDER.test(point.function) ? point.function : null;
    case 'uprobe':
    case 'uretprobe':
    case 'usdt':
      return isWithoutFile(point) ? program : null;
    default:
      return null;
  }
}

/** SEC("uprobe"), the loader's own file, or a name where the path should be: SEC("uretprobe/readline"). */
function isWithoutFile(point: AttachPoint & { readonly path: string }): boolean {
  const name = point.kind === 'usdt' ? point.probe : 'symbol' in point ? point.symbol : '';
  return point.path === '' || point.path === LOADER || (name === '' && !point.path.includes('/'));
}

/** How a perf_event program without BPFW_PERF is attached: it samples the processor's time. */
export function assumedSampling(point: AttachPoint, program: string): Program['perf'] {
  return point.kind === 'perf_event'
    ? { event: 'cpu-clock', frequencyParameter: `${program}.frequency`, branches: false }
    : null;
}

/** The parameters for what the programs' sections leave open; `known`: those that the object has. */
export function placeholderParameters(
  programs: readonly Program[],
  known: readonly Parameter[],
): Parameter[] {
  const names = new Set(known.map(({ name }) => name));
  const added = new Map<string, Parameter>();
  for (const { section, attachPoint, targetParameter, perf } of programs) {
    const inFile = /^(u(ret)?probe|usdt)$/.test(attachPoint.kind);
    if (inFile && targetParameter !== null && !known.some(({ role }) => role === 'path'))
      added.set('path', {
        ...ASSUMED,
        name: 'path',
        label: 'path',
        help: 'The program or library. The loader of this object chooses it.',
        role: 'path',
      });
    if (targetParameter !== null && !names.has(targetParameter))
      added.set(targetParameter, {
        ...ASSUMED,
        name: targetParameter,
        label: targetParameter,
        help: `The loader of this object chooses it; SEC("${section}") only stands for it.`,
        role: attachPoint.kind === 'usdt' ? 'usdt' : 'function',
        defaultValue: nameInSection(attachPoint),
      });
    if (perf && !names.has(perf.frequencyParameter))
      added.set(perf.frequencyParameter, {
        ...ASSUMED,
        name: perf.frequencyParameter,
        label: perf.frequencyParameter,
        help: 'Samples of every processor (cpu-clock). The loader of this object chooses it.',
        unit: 'Hz',
        size: 4,
        storage: 'u32',
        min: '1',
        max: '10000',
        defaultValue: SAMPLES_PER_SECOND,
      });
  }
  return [...added.values()];
}

/** What a section says without its file. */
function nameInSection(point: AttachPoint): string {
  if (point.kind === 'usdt') return point.probe === '' ? '' : `${point.provider}:${point.probe}`;
  if (!('symbol' in point)) return '';
  return point.symbol === '' && point.path !== LOADER ? point.path : point.symbol;
}

/** Not in the object: no section. */
const ASSUMED = {
  unit: '',
  section: '',
  offset: 0,
  size: 4096,
  storage: 'text',
  meaning: 'text',
  why: 'the section that leaves it open',
  valueNames: null,
  min: null,
  max: null,
  defaultValue: '',
  role: null,
  ask: false,
} satisfies Partial<Parameter>;
