import { HELPER } from '../bpf/helper-ids';
import {
  CALL,
  CLASS,
  HELPER_CALL,
  LOAD_IMMEDIATE_64,
  MODE_MEMORY,
  OPCODE,
  OPERATION,
  PSEUDO_CALL,
  SIZE_64,
} from '../bpf/opcodes';
import type { Elf, ElfRelocation, ElfSection, ElfSymbol } from '../elf/elf';
import { SHF_EXECINSTR, SHT, STT } from '../elf/elf';
import { ObjectError } from '../elf/object-error';
import { isWritableData } from './data-section';
import {
  computed,
  type Frame,
  isFrame,
  join,
  type KeyPart,
  keyPartsOf,
  passedKey,
  type Registers,
  type StackIdPlace,
  stackIdOf,
  storedStackIds,
  unknownRegisters,
  type Value,
} from './register-values';

/** A function of the object: the bytes [start, end) of an executable section. */
export interface FunctionCode {
  readonly name: string;
  readonly section: ElfSection;
  readonly start: number;
  readonly end: number;
  /** STB_*. */
  readonly binding: number;
}

/** A call that writes a record to a ring or perf buffer. */
export interface BufferWrite {
  readonly map: string;
  readonly helperId: number;
  /** Size of the record when the program passes a constant. */
  readonly size: number | null;
}

/** Facts from one function's instructions, without those of functions it calls. */
export interface FunctionFacts {
  readonly helperIds: ReadonlySet<number>;
  /** Called functions that the object does not define: kernel functions, resolved by libbpf. */
  readonly kfuncs: ReadonlySet<string>;
  readonly callees: readonly FunctionCode[];
  readonly writes: readonly BufferWrite[];
  /** Names of the maps and writable global variables whose address the function takes. */
  readonly uses: ReadonlySet<string>;
  readonly stackIds: readonly StackIdPlace[];
  readonly keyParts: readonly KeyPart[];
}

/** The argument registers of the map and the record's size. */
const WRITERS = new Map<number, { readonly map: number; readonly size: number }>([
  [HELPER.ringbufReserve, { map: 1, size: 2 }],
  [HELPER.ringbufOutput, { map: 1, size: 3 }],
  [HELPER.perfEventOutput, { map: 2, size: 5 }],
  [HELPER.skbOutput, { map: 2, size: 5 }],
  [HELPER.xdpOutput, { map: 2, size: 5 }],
]);

/** Relocation types of Documentation/bpf/llvm_reloc.rst. */
const R_BPF_64_64 = 1;
const R_BPF_64_32 = 10;
/** Section of an undefined symbol (elf.h). */
const SHN_UNDEF = 0;

const MAX_FUNCTIONS = 16384;
/** Limit of the steps along calls for all programs together. */
const MAX_CALL_STEPS = 10_000_000;
const MAX_JOINS = 65536;
/** Of one function: keys that are passed to maps, and values stored in one place. More say nothing that is certain. */
const MOST_KEYS = 256;
const MOST_VALUES = 16;

/** The functions of an object and facts from their instructions. Time is linear in the code's size. */
export class CodeIndex {
  private readonly functions = new Map<number, FunctionCode[]>();
  private readonly known = new Map<FunctionCode, FunctionFacts>();
  private callSteps = 0;
  private readonly relocations = new Map<number, Map<number, ElfRelocation>>();
  /** By section, by place. */
  private readonly variables = new Map<number, ElfSymbol[]>();
  private readonly mapSymbols: ReadonlySet<ElfSymbol>;
  private readonly mapsByPlace: ReadonlyMap<string, string>;

  constructor(private readonly elf: Elf) {
    const mapsSection = elf.section('.maps');
    const maps = elf.symbols.filter(
      symbol => symbol.section === mapsSection?.index && symbol.type === STT.object,
    );
    this.mapSymbols = new Set(maps);
    for (const symbol of elf.symbols)
      if (symbol.type === STT.object && isWritableData(elf.sections[symbol.section]?.name ?? ''))
        listOf(this.variables, symbol.section).push(symbol);
    for (const list of this.variables.values()) list.sort((a, b) => a.value - b.value);
    this.mapsByPlace = new Map(maps.map(symbol => [`${symbol.section}:${symbol.value}`, symbol.name]));
    let count = 0;
    for (const symbol of elf.symbols) {
      const section = elf.sections[symbol.section];
      if (symbol.type !== STT.func || !section || !isCode(section)) continue;
      if (symbol.value % 8 !== 0 || symbol.value >= section.bytes.byteLength) continue;
      if (++count > MAX_FUNCTIONS)
        throw new ObjectError('unsupported', `The object has more than ${MAX_FUNCTIONS} functions.`);
      const end = Math.min(symbol.value + symbol.size, section.bytes.byteLength);
      listOf(this.functions, section.index).push({
        name: symbol.name,
        section,
        start: symbol.value,
        end,
        binding: symbol.binding,
      });
    }
    for (const [index, list] of this.functions) this.functions.set(index, withoutOverlap(list));
  }

  /** Functions of one section, in order. */
  inSection(sectionIndex: number): readonly FunctionCode[] {
    return this.functions.get(sectionIndex) ?? [];
  }

  /** The function, then all functions of the object that it calls directly or indirectly. */
  reachable(from: FunctionCode): readonly FunctionCode[] {
    const seen = new Set([from]);
    for (const code of seen) {
      const { callees } = this.facts(code);
      this.callSteps += 1 + callees.length;
      if (this.callSteps > MAX_CALL_STEPS)
        throw new ObjectError('unsupported', 'The object has too many calls between its functions.');
      for (const callee of callees) seen.add(callee);
    }
    return [...seen];
  }

  facts(code: FunctionCode): FunctionFacts {
    let facts = this.known.get(code);
    if (!facts) {
      facts = this.scan(code);
      this.known.set(code, facts);
    }
    return facts;
  }

  private scan(code: FunctionCode): FunctionFacts {
    const { bytes } = code.section;
    const { littleEndian } = this.elf;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const relocations = this.relocationsOf(code.section.index);
    const helperIds = new Set<number>();
    const kfuncs = new Set<string>();
    const callees = new Set<FunctionCode>();
    const writes: BufferWrite[] = [];
    const uses = new Set<string>();
    const stackIds: StackIdPlace[] = [];
    const keys: { map: string; frame: number }[] = [];
    /** Constants that are stored on the stack, null for other values, by their places. */
    const stores = new Map<number, Set<number | null>>();
    const store = (place: number, value: Value) => {
      frame.set(place, value);
      const known = stores.get(place) ?? new Set();
      if (known.size < MOST_VALUES) stores.set(place, known.add(typeof value === 'number' ? value : null));
    };
    const frame: Frame = new Map();
    /** States at forward jump targets. Loops are not followed: constants need not be known across them. */
    const joins = new Map<number, Registers>();
    let registers: Registers | null = unknownRegisters();

    for (let at = code.start; at + 8 <= code.end; at += 8) {
      const joined = joins.get(at);
      joins.delete(at);
      if (joined) {
        registers = registers ? join(registers, joined) : joined;
        frame.clear();
      }
      registers ??= unknownRegisters();

      const opcode = bytes[at] ?? 0;
      const packed = bytes[at + 1] ?? 0;
      const destination = littleEndian ? packed & 0xf : packed >> 4;
      const source = littleEndian ? packed >> 4 : packed & 0xf;
      const offset = view.getInt16(at + 2, littleEndian);
      const immediate = view.getInt32(at + 4, littleEndian);

      if (opcode === LOAD_IMMEDIATE_64) {
        const relocation = relocations.get(at);
        const used = relocation && this.dataName(relocation, immediate);
        if (used) uses.add(used);
        const high = at + 16 <= code.end ? view.getInt32(at + 12, littleEndian) : 0;
        registers[destination] = relocation ? this.mapName(relocation, immediate) : wide(immediate, high);
        at += 8;
        continue;
      }
      const operationClass = opcode & OPCODE.class;
      if (operationClass === CLASS.alu64 || operationClass === CLASS.alu) {
        const operand = (opcode & OPCODE.sourceIsRegister) === 0 ? immediate : (registers[source] ?? null);
        registers[destination] = computed(opcode & OPCODE.operation, registers[destination] ?? null, operand);
      } else if (operationClass <= CLASS.ldx) {
        registers[destination] = null;
      } else if (operationClass === CLASS.st || operationClass === CLASS.stx) {
        const to = registers[destination];
        if (isFrame(to) && (opcode & OPCODE.mode) === MODE_MEMORY) {
          const stored = operationClass === CLASS.stx ? (registers[source] ?? null) : immediate;
          const place = to.frame + offset;
          const isWide = (opcode & OPCODE.size) === SIZE_64;
          // Two members of four bytes may be stored at once.
          if (isWide) store(place + 4, typeof stored === 'number' ? Math.floor(stored / 2 ** 32) : null);
          store(place, isWide && typeof stored === 'number' && littleEndian ? stored % 2 ** 32 : stored);
        }
      } else if (opcode === CALL) {
        const relocation = relocations.get(at);
        if (source === PSEUDO_CALL || relocation?.type === R_BPF_64_32) {
          const callee = this.callee(code, at, immediate, relocation);
          if (callee) callees.add(callee);
          else if (relocation?.symbol?.section === SHN_UNDEF) kfuncs.add(relocation.symbol.name);
        } else if (source === HELPER_CALL) {
          helperIds.add(immediate);
          const writer = WRITERS.get(immediate);
          const map = writer ? registers[writer.map] : null;
          const size = writer ? registers[writer.size] : null;
          if (typeof map === 'string') {
            writes.push({
              map,
              helperId: immediate,
              size: typeof size === 'number' && size > 0 ? size : null,
            });
          }
        }
        const called = source === HELPER_CALL ? immediate : null;
        stackIds.push(...storedStackIds(called, registers, frame));
        const key = passedKey(called, registers);
        if (key && keys.length < MOST_KEYS) keys.push(key);
        const result = called === HELPER.getStackId ? stackIdOf(registers) : null;
        registers.fill(null, 0, 6);
        registers[0] = result;
        // A function may write to what it was given.
        if (source === PSEUDO_CALL) frame.clear();
      } else if (operationClass === CLASS.jmp || operationClass === CLASS.jmp32) {
        const operation = opcode & OPCODE.operation;
        if (operation === OPERATION.exit) {
          registers = null;
        } else {
          // gotol has its distance in the immediate.
          const distance = opcode === (CLASS.jmp32 | OPERATION.ja) ? immediate : offset;
          const target = at + 8 + distance * 8;
          if (distance > 0 && target < code.end) {
            const other = joins.get(target);
            if (other) joins.set(target, join(other, registers));
            else if (joins.size < MAX_JOINS) joins.set(target, [...registers]);
          }
          if (operation === OPERATION.ja) registers = null;
        }
      }
    }
    return {
      helperIds,
      kfuncs,
      callees: [...callees],
      writes,
      uses,
      stackIds,
      keyParts: keyPartsOf(keys, stores),
    };
  }

  private relocationsOf(sectionIndex: number): ReadonlyMap<number, ElfRelocation> {
    let known = this.relocations.get(sectionIndex);
    if (!known) {
      known = new Map(this.elf.relocations(sectionIndex).map(relocation => [relocation.offset, relocation]));
      this.relocations.set(sectionIndex, known);
    }
    return known;
  }

  private mapName(relocation: ElfRelocation, immediate: number): string | null {
    const { symbol } = relocation;
    if (relocation.type !== R_BPF_64_64 || !symbol) return null;
    if (symbol.type !== STT.section) return this.mapSymbols.has(symbol) ? symbol.name : null;
    const place = immediate + (relocation.addend ?? 0);
    return this.mapsByPlace.get(`${symbol.section}:${place}`) ?? null;
  }

  /** The map or writable variable that a 64-bit load names, by itself or by its section and place (statics). */
  private dataName(relocation: ElfRelocation, immediate: number): string | null {
    const map = this.mapName(relocation, immediate);
    if (map !== null || relocation.type !== R_BPF_64_64 || !relocation.symbol) return map;
    const { symbol } = relocation;
    const section = this.elf.sections[symbol.section];
    if (!section || !isWritableData(section.name)) return null;
    if (symbol.type !== STT.section) return symbol.name;
    const place = immediate + (relocation.addend ?? 0);
    return lastAtOrBefore(this.variables.get(symbol.section) ?? [], place)?.name ?? section.name;
  }

  /** Calls inside a section are relative; calls into .text have a relocation (llvm_reloc.rst). */
  private callee(
    code: FunctionCode,
    at: number,
    immediate: number,
    relocation: ElfRelocation | undefined,
  ): FunctionCode | null {
    if (!relocation) return this.functionAt(code.section.index, at + 8 + immediate * 8);
    const { symbol } = relocation;
    if (!symbol) return null;
    const place = symbol.type === STT.section ? symbol.value + (immediate + 1) * 8 : symbol.value;
    return this.functionAt(symbol.section, place);
  }

  private functionAt(sectionIndex: number, place: number): FunctionCode | null {
    const list = this.inSection(sectionIndex);
    let low = 0;
    let high = list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const code = list[middle];
      if (!code) return null;
      if (code.start === place) return code;
      if (code.start < place) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }
}

/** A constant of 64 bits where a number can hold it. */
function wide(low: number, high: number): number | null {
  if (high === 0 || (high === -1 && low < 0)) return low;
  const value = high * 2 ** 32 + (low >>> 0);
  return Number.isSafeInteger(value) ? value : null;
}

function isCode(section: ElfSection): boolean {
  return section.type === SHT.progbits && (section.flags & SHF_EXECINSTR) !== 0;
}

function listOf<T>(lists: Map<number, T[]>, key: number): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Of symbols by place. */
function lastAtOrBefore(symbols: readonly ElfSymbol[], place: number): ElfSymbol | null {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((symbols[middle]?.value ?? place) <= place) low = middle + 1;
    else high = middle;
  }
  return symbols[low - 1] ?? null;
}

/** Sorts by start and makes functions disjoint; of several with the same start only the first is kept. */
function withoutOverlap(list: readonly FunctionCode[]): FunctionCode[] {
  const sorted = [...list].sort((a, b) => a.start - b.start || b.binding - a.binding);
  const kept: FunctionCode[] = [];
  for (const code of sorted) {
    const last = kept[kept.length - 1];
    if (last && last.start === code.start) continue;
    if (last && last.end > code.start) kept[kept.length - 1] = { ...last, end: code.start };
    kept.push(code);
  }
  return kept;
}
