import { parseAttachPoint } from '../bpf/attach-point';
import type { Btf, BtfTypeId } from '../btf/btf-model';
import { type Elf, SHF_EXECINSTR, SHT, STB } from '../elf/elf';
import { ObjectError } from '../elf/object-error';
import type { BtfExt } from './btf-ext';
import type { CodeIndex, FunctionCode } from './instructions';
import type { Program, SourceLine } from './model';
import { assumedSampling, placeholderOf } from './placeholders';
import { NO_TAGS, readTags, type Tags } from './tags';

/** Far more than any real object has and a session may open (LIMITS.programs). */
const MAX_PROGRAMS = 1024;

export interface FoundProgram {
  readonly program: Program;
  readonly code: FunctionCode;
  readonly btfId: BtfTypeId | null;
}

/**
 * The programs of an object, found as in libbpf (bpf_object__add_programs): every global function of an executable
 * section other than .text. Functions in .text are subprograms.
 */
export function readPrograms(elf: Elf, code: CodeIndex, btf: Btf | null, ext: BtfExt | null): FoundProgram[] {
  const found: FoundProgram[] = [];
  for (const section of elf.sections) {
    if (section.type !== SHT.progbits || (section.flags & SHF_EXECINSTR) === 0 || section.name === '.text')
      continue;
    for (const functionCode of code.inSection(section.index)) {
      if (functionCode.binding === STB.local) continue;
      if (found.length >= MAX_PROGRAMS)
        throw new ObjectError('unsupported', `The object has more than ${MAX_PROGRAMS} programs.`);
      found.push(readProgram(functionCode, code, btf, ext));
    }
  }
  return found;
}

function readProgram(
  functionCode: FunctionCode,
  code: CodeIndex,
  btf: Btf | null,
  ext: BtfExt | null,
): FoundProgram {
  const { name, section, start, end } = functionCode;
  const btfId = ext?.functions.get(section.name)?.get(start) ?? btf?.find('func', name) ?? null;
  const tags = btf && btfId !== null ? readTags(btf, btfId) : NO_TAGS;
  const helperIds = new Set<number>();
  const kfuncs = new Set<string>();
  const uses = new Set<string>();
  for (const reached of code.reachable(functionCode)) {
    const facts = code.facts(reached);
    for (const id of facts.helperIds) helperIds.add(id);
    for (const name of facts.kfuncs) kfuncs.add(name);
    for (const name of facts.uses) uses.add(name);
  }
  const optional = section.name.startsWith('?');
  const attachPoint = parseAttachPoint(section.name);
  return {
    code: functionCode,
    btfId,
    program: {
      name,
      section: optional ? section.name.slice(1) : section.name,
      autoload: !optional,
      attachPoint,
      choice: choiceOf(tags),
      needs: tags.all('needs'),
      targetParameter: tags.get('target') ?? placeholderOf(attachPoint, name),
      ifunc: ifuncOf(tags),
      perf: perfOf(tags) ?? assumedSampling(attachPoint, name),
      instructionCount: Math.floor((end - start) / 8),
      helperIds: [...helperIds].sort((a, b) => a - b),
      kfuncs: [...kfuncs],
      uses: [...uses].sort(),
      sourceLines: linesOf(ext?.lines.get(section.name) ?? [], start / 8, end / 8),
    },
  };
}

/** "group:rank"; the group itself may contain colons. */
function choiceOf(tags: Tags): Program['choice'] {
  const text = tags.get('choice');
  const colon = text?.lastIndexOf(':') ?? -1;
  if (text === null || colon < 0) return null;
  const rank = Number(text.slice(colon + 1));
  return Number.isSafeInteger(rank) ? { group: text.slice(0, colon), rank } : null;
}

function ifuncOf(tags: Tags): Program['ifunc'] {
  const ifunc = tags.get('ifunc');
  return ifunc === 'implementation' || ifunc === 'resolver' ? ifunc : null;
}

function perfOf(tags: Tags): Program['perf'] {
  const event = tags.get('perf');
  const frequencyParameter = tags.get('frequency');
  if ((event !== 'cpu-clock' && event !== 'cpu-cycles') || frequencyParameter === null) return null;
  return { event, frequencyParameter, branches: tags.get('branches') === 'any' };
}

/** Line records of a section are sorted by instruction, as the verifier requires; a wrong order only loses lines. */
function linesOf(lines: readonly SourceLine[], first: number, end: number): readonly SourceLine[] {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.instruction ?? 0) < first) low = middle + 1;
    else high = middle;
  }
  let stop = low;
  while (stop < lines.length && (lines[stop]?.instruction ?? end) < end) stop++;
  return lines.slice(low, stop);
}
