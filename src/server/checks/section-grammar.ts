/** Section names against libbpf's grammar. */
import {
  isDataSection,
  kernelTargetGrammar,
  parseSection,
  SECTION_KINDS,
  type SectionKind,
} from '../../shared/bpf/section-kinds';
import { nearest } from '../../shared/text/nearest';
import type { SectionMark, SourceMap } from '../source/model';
import { type Check, type Fix, type Problem, replaceFix } from './problem';

/** iproute2's map description, which its own loader reads from the section "maps". */
const IPROUTE2_MAP = 'bpf_elf_map';
/** Section names of other tools, and libbpf's name for each. */
const SYNONYMS: Readonly<Record<string, string>> = {
  tracepoints: 'tracepoint',
  trace: 'tp',
  kfunc: 'fentry',
  kretfunc: 'fexit',
  kernel: 'kprobe',
  'raw-tp': 'raw_tp',
  'tp-btf': 'tp_btf',
  profile: 'perf_event',
  usdts: 'usdt',
  syscalls: 'ksyscall',
  rawtracepoint: 'raw_tracepoint',
};

/** SEC("...") of programs, against libbpf's grammar. */
export const sectionGrammar: Check = function* ({ source }) {
  const isNamed = source.isNamedForLibbpf;
  for (const { section } of source.programs) {
    // ebpf-go accepts every kind libbpf accepts, and more; the attach point is set in Go.
    if (source.isForGo && parseSection(section.name)) continue;
    const problem = grammarProblem(section, isNamed);
    if (problem) yield problem;
  }
  for (const variable of [...source.model.maps, ...source.model.variables]) {
    const section =
      'section' in variable ? variable.section : sectionOfMap(source.model.sections, variable.span);
    if (!section || isDataSection(section.name)) continue;
    const meant = 'fields' in variable ? '.maps' : nearest(section.name, ['license', '.maps', 'version'])[0];
    if (meant === undefined) continue;
    const isOldMaps = section.name === 'maps' || section.name.startsWith('maps/');
    if (isOldMaps && source.lexed.tokens.some(token => token.text === IPROUTE2_MAP)) continue;
    yield {
      code: 'section-name',
      severity: 'error',
      span: section.nameSpan,
      message: isOldMaps
        ? 'libbpf 1.0 and newer reads maps from the section ".maps" only; describe this map there with __uint() and __type().'
        : `libbpf reads this from the section "${meant}".`,
      fixes: isOldMaps
        ? 'fields' in variable
          ? legacyMapFixes(variable, source.text)
          : []
        : [replaceFix(`Change to "${meant}"`, section.nameSpan, meant, true)],
    };
  }
};

/** Writes the map as BTF describes maps; none where something in its initialiser is not understood. */
function legacyMapFixes({ name, span, fields }: SourceMap, text: string): Fix[] {
  const written = text.slice(span.start, span.end);
  if (fields.length === 0 || fields.length !== (written.match(/\.\w+\s*=/g) ?? []).length) return [];
  // A flag of 0 is what a map has without one.
  const lines = fields
    .filter(field => field.name !== 'map_flags' || field.value !== '0')
    .map(field => `\t${field.macro}(${field.name}, ${field.value});\n`);
  const declaration = `struct {\n${lines.join('')}} ${name} SEC(".maps");`;
  return [replaceFix(`Declare ${name} in SEC(".maps")`, span, declaration, true)];
}

function sectionOfMap(
  sections: readonly SectionMark[],
  span: { start: number; end: number },
): SectionMark | null {
  return sections.find(one => one.span.start >= span.start && one.span.end <= span.end) ?? null;
}

/** `isNamed`: the file name follows libbpf's convention; other files may have a loader that accepts any section name. */
export function grammarProblem(section: SectionMark, isNamed: boolean): Problem | null {
  const { name, nameSpan } = section;
  if (isDataSection(name) || section.isPartial) return null;
  const parsed = parseSection(name);
  const at = (message: string, fixes: Problem['fixes'] = []): Problem => ({
    code: 'section-name',
    severity: 'error',
    span: nameSpan.start < nameSpan.end ? nameSpan : section.span,
    message,
    fixes,
  });
  if (!parsed) return isNamed || isMistyped(name) ? unknownKind(section) : null;
  const { kind, target } = parsed;
  if (target === null) return null;
  const fits = kernelTargetGrammar(kind)?.test(target) ?? false;
  if (target === '')
    return at(`Nothing follows the slash: write ${example(kind)}, or SEC("${kind.name}") without one.`);
  switch (kind.target) {
    case 'function': {
      const offset = kind.family === 'kprobe' ? ' (+OFFSET may follow)' : '';
      return fits ? null : at(`"${target}" is not a valid function name${offset}: write ${example(kind)}.`);
    }
    case 'pattern':
      return fits
        ? null
        : at(`A pattern of function names has letters, digits, _ . * and ? only: write ${example(kind)}.`);
    case 'tracepoint': {
      if (fits) return null;
      const colon = target.replace(':', '/');
      return at(
        `A classic tracepoint is category/name: write ${example(kind)}.`,
        /^\w+\/\w+$/.test(colon) ? [replaceWith(section, parsed.targetOffset, colon)] : [],
      );
    }
    case 'user-function':
      if (/^[^:]+:[^:]+$/.test(target) || target.startsWith('/proc/')) return null;
      // libbpf loads it, and has nothing to attach it to: programs whose loader passes the file do that.
      if (/^\w+$/.test(target))
        return {
          ...at(
            `The section names no file, so only a loader that passes one can attach this; or write ${example(kind)}.`,
          ),
          severity: 'information',
        };
      return at(`A user function is path:function: write ${example(kind)}.`);
    case 'usdt':
      return /^[^:]+:[^:]+:[^:]+$/.test(target)
        ? null
        : at(`A static probe is path:provider:name: write ${example(kind)}.`);
    case 'syscall': {
      const bare = target.replace(/^(__x64_|__arm64_|__se_|__do_)?sys_(enter_)?/, '');
      return bare === target
        ? null
        : at(`A system call is written without prefix: "${bare}".`, [
            replaceWith(section, parsed.targetOffset, bare),
          ]);
    }
    case 'raw-tracepoint':
      if (!target.includes('/')) return null;
      return at(`A raw tracepoint has no category: write ${example(kind)}.`, [
        replaceWith(section, parsed.targetOffset, target.slice(target.lastIndexOf('/') + 1)),
      ]);
    default:
      return null;
  }
}

function replaceWith(section: SectionMark, targetOffset: number, target: string) {
  const span = { start: section.nameSpan.start + targetOffset, end: section.nameSpan.end };
  return replaceFix(`Change to "${target}"`, span, target, true);
}

/**
 * True for a section meant for libbpf in a file with an unknown loader: tc and ip accept any section name, and tests
 * set the type of programs named "socket1" themselves.
 */
function isMistyped(name: string): boolean {
  const word = name.replace(/^\?/, '').replace(/[/:].*$/, '');
  const known = SECTION_KINDS.map(kind => kind.name);
  if (known.includes(word) || SYNONYMS[word] !== undefined) return /[/:]/.test(name);
  return word.length > 2 && !/\d$/.test(word) && nearest(word, known).length > 0;
}

function unknownKind(section: SectionMark): Problem {
  const { name, nameSpan } = section;
  const mark = name.startsWith('?') ? '?' : '';
  const rest = name.slice(mark.length);
  const slash = rest.indexOf('/');
  const word = slash < 0 ? rest : rest.slice(0, slash);
  const known = SECTION_KINDS.map(kind => kind.name);
  const whole = nearest(rest, known);
  const exact = parseSection(mark + word);
  // kprobe:vfs_read, tracepoint:sched:sched_switch are bpftrace's syntax.
  const slashed = [rest.replace(':', '/'), rest.replaceAll(':', '/')].find(
    one =>
      one !== rest && (parseSection(one)?.target ?? '').includes(':') === false && parseSection(one) !== null,
  );
  // tc/prog_b, xdp/name: the kind takes nothing after a slash.
  const names = exact
    ? [exact.kind.name]
    : SYNONYMS[word]
      ? [SYNONYMS[word]]
      : [...new Set([...nearest(word, known), ...whole])].slice(0, 3);
  const proposals =
    slashed !== undefined
      ? [mark + slashed]
      : names.map(candidate => {
          const kind = SECTION_KINDS.find(one => one.name === candidate);
          const keepsTarget = slash >= 0 && kind !== undefined && kind.target !== 'none';
          return mark + candidate + (keepsTarget ? rest.slice(slash) : '');
        });
  const hint = proposals.length > 0 ? ` Did you mean ${proposals.map(one => `"${one}"`).join(' or ')}?` : '';
  return {
    code: 'section-name',
    severity: 'error',
    span: nameSpan.start < nameSpan.end ? nameSpan : section.span,
    message: exact
      ? `libbpf 1.0 and newer takes nothing after "${exact.kind.name}" (it names programs by their function).${hint}`
      : `libbpf does not know the program type "${word}".${hint}`,
    fixes: proposals.map((one, index) => replaceFix(`Change to "${one}"`, nameSpan, one, index === 0)),
  };
}

const EXAMPLES: Partial<Record<SectionKind['target'], string>> = {
  function: 'vfs_read',
  pattern: 'vfs_*',
  syscall: 'openat',
  tracepoint: 'sched/sched_switch',
  'raw-tracepoint': 'sched_switch',
  'lsm-hook': 'file_open',
  iterator: 'task',
  'user-function': '/usr/lib/libc.so.6:malloc',
  'user-pattern': '/usr/lib/libc.so.6:mem*',
  usdt: '/usr/bin/node:node:gc__start',
};

function example(kind: SectionKind): string {
  const target = EXAMPLES[kind.target];
  return `SEC("${kind.name}${target === undefined ? '' : `/${target}`}")`;
}
