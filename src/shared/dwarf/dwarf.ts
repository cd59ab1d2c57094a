import { essentialName } from '../btf/btf';
import type { Btf, BtfMember, BtfType, BtfTypeId } from '../btf/btf-model';
import type { Elf } from '../elf/elf';
import { ObjectError } from '../elf/object-error';
import { TAG } from './dwarf-constants';
import { type Die, readDies } from './dwarf-reader';

/** A variable or parameter of a function or of one inlined into it. */
export interface LocalVariable {
  readonly name: string;
  readonly type: BtfTypeId;
}

/**
 * Types and local variables from DWARF, with BTF's model. Clang's BTF has only types that maps, globals and CO-RE
 * reference; the struct that a program fills and submits is often only in DWARF.
 */
export interface DwarfTypes {
  readonly types: Btf;
  /** Variables of the named subprogram, outermost first; empty when it is unknown. */
  localsOf(functionName: string): readonly LocalVariable[];
}

const TYPE_TAGS: ReadonlySet<number> = new Set([
  TAG.array,
  TAG.enumeration,
  TAG.pointer,
  TAG.structure,
  TAG.subroutineType,
  TAG.typedef,
  TAG.union,
  TAG.base,
  TAG.const,
  TAG.volatile,
  TAG.restrict,
]);
const MAX_DEPTH = 32;
const MAX_LOCALS = 1024;

/** Reads DWARF 2 to 5 of a relocatable object; null when there is none that can be read. */
export function readDwarf(elf: Elf): DwarfTypes | null {
  const dies = readDies(elf);
  if (!dies) return null;
  const types = new DwarfTable(dies);
  const functions = new Map<string, Die>();
  for (const die of dies.values()) {
    if (die.tag !== TAG.subprogram || die.children.length === 0) continue;
    const name = die.name || (dies.get(die.origin)?.name ?? '');
    if (name !== '' && !functions.has(name)) functions.set(name, die);
  }
  return {
    types,
    localsOf: name => {
      const locals: LocalVariable[] = [];
      const start = functions.get(name);
      const queue = start ? [start] : [];
      for (const scope of queue) {
        for (const die of scope.children) {
          if (die.tag === TAG.inlined) queue.push(die);
          if (die.tag !== TAG.variable && die.tag !== TAG.parameter) continue;
          const declaration = die.type === 0 ? dies.get(die.origin) : die;
          const type = declaration ? types.idAt(declaration.type) : 0;
          if (type !== 0 && locals.length < MAX_LOCALS) locals.push({ name: declaration?.name ?? '', type });
        }
      }
      return locals;
    },
  };
}

/** The entries that are types, numbered from 1 in file order. */
class DwarfTable implements Btf {
  readonly typeCount: number;
  private readonly entries: Die[] = [];
  private readonly numbers = new Map<number, BtfTypeId>();
  private readonly names = new Map<string, BtfTypeId>();

  constructor(dies: ReadonlyMap<number, Die>) {
    for (const die of dies.values()) {
      if (!TYPE_TAGS.has(die.tag)) continue;
      this.entries.push(die);
      this.numbers.set(die.offset, this.entries.length);
    }
    this.typeCount = this.entries.length + 1;
  }

  /** The type at an offset of .debug_info; 0 (void) for none. */
  idAt(offset: number): BtfTypeId {
    return offset === 0 ? 0 : (this.numbers.get(offset) ?? 0);
  }

  type(id: BtfTypeId): BtfType {
    const die = this.entries[id - 1];
    if (!die) return { kind: 'void' };
    const { name } = die;
    const type = this.idAt(die.type);
    switch (die.tag) {
      case TAG.base:
        return this.base(die);
      case TAG.pointer:
        return { kind: 'ptr', type };
      case TAG.array:
        return this.array(die, type);
      case TAG.structure:
      case TAG.union: {
        const kind = die.tag === TAG.structure ? 'struct' : 'union';
        if (die.declaration) return { kind: 'fwd', name, union: kind === 'union' };
        return { kind, name, size: die.byteSize, members: this.members(die) };
      }
      case TAG.enumeration:
        return this.enumeration(die, type);
      case TAG.typedef:
        return { kind: 'typedef', name, type };
      case TAG.const:
        return { kind: 'const', type };
      case TAG.volatile:
        return { kind: 'volatile', type };
      case TAG.restrict:
        return { kind: 'restrict', type };
      default:
        return { kind: 'func_proto', returnType: type, parameters: [] };
    }
  }

  name(id: BtfTypeId): string {
    return this.entries[id - 1]?.name ?? '';
  }

  flavours(wanted: readonly { readonly kind: BtfType['kind']; readonly name: string }[]): BtfTypeId[][] {
    return wanted.map(({ kind, name }) =>
      [...this.ids(kind)].filter(id => essentialName(this.name(id)) === name),
    );
  }

  kind(id: BtfTypeId): BtfType['kind'] {
    return this.type(id).kind;
  }

  find(kind: BtfType['kind'], name: string): BtfTypeId | null {
    if (this.names.size === 0) {
      for (const [index, die] of this.entries.entries()) {
        const key = `${this.kind(index + 1)} ${die.name}`;
        if (die.name !== '' && !this.names.has(key)) this.names.set(key, index + 1);
      }
    }
    return this.names.get(`${kind} ${name}`) ?? null;
  }

  *ids(kind: BtfType['kind']): Iterable<BtfTypeId> {
    for (let id = 1; id < this.typeCount; id++) if (this.kind(id) === kind) yield id;
  }

  declTags(id: BtfTypeId, component: number): readonly string[] {
    const die = this.entries[id - 1];
    const target = component < 0 ? die : die?.children.filter(child => child.tag === TAG.member)[component];
    const tags =
      target?.children.filter(child => child.tag === TAG.annotation && child.name === 'btf_decl_tag') ?? [];
    return tags.map(tag => tag.text);
  }

  resolve(id: BtfTypeId): BtfTypeId {
    let at = id;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      const type = this.type(at);
      if (
        type.kind !== 'typedef' &&
        type.kind !== 'const' &&
        type.kind !== 'volatile' &&
        type.kind !== 'restrict'
      )
        return at;
      at = type.type;
    }
    throw new ObjectError(
      'bad-btf',
      'The debug information (DWARF) is damaged: a type refers to itself. Compile the program again with -g.',
    );
  }

  sizeOf(id: BtfTypeId): number {
    let at = id;
    let elements = 1;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      const type = this.type(this.resolve(at));
      if (type.kind !== 'array') return (type.kind === 'ptr' ? 8 : 'size' in type ? type.size : 0) * elements;
      elements *= type.count;
      at = type.type;
    }
    throw new ObjectError(
      'bad-btf',
      'The debug information (DWARF) is damaged: an array contains itself. Compile the program again with -g.',
    );
  }

  string(): string {
    return '';
  }

  private base(die: Die): BtfType {
    // DW_ATE_*: 2 boolean, 4 float, 5 signed, 6 signed char, 7 unsigned, 8 unsigned char.
    const { name, byteSize: size, encoding } = die;
    if (encoding === 4) return { kind: 'float', name, size };
    const signed = encoding === 5 || encoding === 6;
    return {
      kind: 'int',
      name,
      size,
      signed,
      char: name === 'char',
      bool: encoding === 2,
      bits: size * 8,
      bitOffset: 0,
    };
  }

  /** DWARF has one subrange per dimension, BTF nests arrays; the number of elements is the same. */
  private array(die: Die, type: BtfTypeId): BtfType {
    let count = 1;
    for (const child of die.children) if (child.tag === TAG.subrange) count *= child.count ?? 0;
    return {
      kind: 'array',
      type,
      indexType: 0,
      count: Number.isSafeInteger(count) && count >= 0 ? count : 0,
    };
  }

  private members(die: Die): BtfMember[] {
    return die.children
      .filter(child => child.tag === TAG.member)
      .map(child => ({
        name: child.name,
        type: this.idAt(child.type),
        bitOffset: child.bitOffset,
        bitSize: child.bitSize,
      }));
  }

  private enumeration(die: Die, underlying: BtfTypeId): BtfType {
    const integer = underlying === 0 ? null : this.type(this.resolve(underlying));
    const signed = integer?.kind === 'int' && integer.signed;
    const values = die.children
      .filter(child => child.tag === TAG.enumerator)
      .map(child => ({
        name: child.name,
        value: Number.isSafeInteger(child.value) ? BigInt(child.value) : 0n,
      }));
    return { kind: 'enum', name: die.name, size: die.byteSize, signed, values, is64: die.byteSize === 8 };
  }
}
