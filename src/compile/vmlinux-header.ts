import type { Btf, BtfType, BtfTypeId } from '../shared/btf/btf-model';
import { ObjectError } from '../shared/elf/object-error';
import { DecodedTypes } from './decoded-types';
import { type Layout, Layouts, type PaddingBits } from './vmlinux-layout';
import { identifier, keyword, type VmlinuxNames, vmlinuxNames } from './vmlinux-names';

export interface HeaderSelection {
  /** Types to define completely, with everything they contain by value; types that are only pointed to are declared. */
  readonly roots: Iterable<BtfTypeId>;
  /** Structs, unions and enums that the program defines: the kernel's get the suffix ___bpfw, which CO-RE ignores. */
  readonly takenTags: ReadonlySet<string>;
  /** The same for typedefs and enumerators. */
  readonly takenNames: ReadonlySet<string>;
}

/** Appended to the kernel's name if the program defines the same name. */
const TAKEN_SUFFIX = '___bpfw';

/** typedefs of arm_acle.h that compilers define without a definition in BTF, and their C types. */
const MISSING_BASE_TYPES: Readonly<Record<string, string>> = {
  __Poly8_t: 'unsigned char',
  __Poly16_t: 'unsigned short',
  __Poly64_t: 'unsigned long long',
  __Poly128_t: 'unsigned __int128',
};

/** Limit of members and padding lines, ten times a distribution kernel's: structs that contain each other repeatedly multiply. */
const MAX_LINES = 2_000_000;

/** The deepest nesting in the kernel is below 10. */
const MAX_NESTING = 64;

const INT_WORDS = /^(?:(?:unsigned|signed|char|short|int|long|__int128|_Bool|bool)(?: |$))+$/;

/**
 * Returns the kernel's types as a C header, equivalent to `bpftool btf dump format c`: every size, offset and
 * enumerator is as in the BTF, and all records have preserve_access_index so that CO-RE relocates accesses to them.
 * Without `selection` it contains all types. 64-bit kernels only: long and pointers have 8 bytes on the BPF target.
 *
 * Throws ObjectError 'bad-btf' for a damaged table.
 */
export function vmlinuxHeader(btf: Btf, selection?: HeaderSelection): string {
  return new HeaderWriter(btf, selection?.takenTags ?? new Set(), selection?.takenNames ?? new Set()).write(
    selection?.roots ?? allNamed(btf),
    !selection,
  );
}

function damaged(why: string): ObjectError {
  return new ObjectError('bad-btf', `The kernel’s type information (BTF) is damaged: ${why}.`);
}

function* allNamed(btf: Btf): Iterable<BtfTypeId> {
  for (let id = 1; id < btf.typeCount; id++) {
    const kind = btf.kind(id);
    const wanted =
      kind === 'struct' || kind === 'union' || kind === 'enum' || kind === 'typedef' || kind === 'fwd';
    if (wanted && btf.name(id) !== '') yield id;
  }
}

type State = 'open' | 'done';

/** How a type is used: by value (needs its size), by name only, or behind a pointer. */
type Use = 'whole' | 'named' | 'pointed';

class HeaderWriter {
  private readonly names: VmlinuxNames;
  private readonly types: DecodedTypes;
  private readonly layouts: Layouts;
  private readonly states = new Map<BtfTypeId, State>();
  private readonly declaredTags = new Set<string>();
  private readonly out: string[] = [];
  private lines = 0;
  /** Nesting depth of the unnamed struct being written. */
  private nesting = 0;

  constructor(
    private readonly btf: Btf,
    private readonly takenTags: ReadonlySet<string>,
    private readonly takenNames: ReadonlySet<string>,
  ) {
    this.names = vmlinuxNames(btf);
    this.types = new DecodedTypes(btf);
    this.layouts = new Layouts(btf, this.types);
  }

  write(roots: Iterable<BtfTypeId>, everything: boolean): string {
    const anonymousEnums: BtfTypeId[] = [];
    for (const id of roots) {
      const anonymous = this.btf.name(id) === '';
      if (anonymous && this.btf.kind(id) === 'enum') anonymousEnums.push(id);
      else if (!anonymous) this.need(id, 'whole');
    }
    // Last, because those that belong to a member or typedef have been written by then.
    if (everything) {
      for (const id of this.btf.ids('enum')) if (this.btf.name(id) === '') anonymousEnums.push(id);
    }
    for (const id of anonymousEnums) {
      if (!this.states.has(id)) this.out.push(`${this.enumBody(id)};\n`);
    }
    return [
      '#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n',
      '#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n',
      '#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n\n',
      this.out.join('\n'),
      '\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n#endif /* __VMLINUX_H__ */\n',
    ].join('');
  }

  /** Writes the definitions and declarations that must precede this use of the type. */
  private need(id: BtfTypeId, use: Use): void {
    if (id === 0) return;
    // Most types are already written: check before decoding.
    const state = this.states.get(id);
    if (state === 'done' || (state === 'open' && (use === 'whole' || this.btf.name(id) === ''))) {
      if (use === 'whole' && this.btf.kind(id) === 'typedef') this.need(this.aliased(id), use);
      return;
    }
    const type = this.types.get(id);
    switch (type.kind) {
      case 'ptr':
        this.need(type.type, 'pointed');
        return;
      case 'array':
        // C requires complete element types even for a pointer to an array.
        this.need(type.type, 'whole');
        return;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.need(type.type, use);
        return;
      case 'func_proto':
        this.need(type.returnType, 'pointed');
        for (const parameter of type.parameters) this.need(parameter.type, 'pointed');
        return;
      case 'typedef':
        this.defineTypedef(id, type.type);
        if (use === 'whole') this.need(type.type, use);
        return;
      case 'fwd':
        this.declare(id, use);
        return;
      case 'enum':
        if (type.name === '') return;
        if (type.values.length === 0) this.declare(id, use);
        else this.out.push(`${this.enumBody(id)};\n`);
        return;
      case 'struct':
      case 'union':
        if (type.name === '') {
          this.states.set(id, 'open');
          for (const member of type.members) this.need(member.type, 'whole');
          this.states.set(id, 'done');
        } else if (use === 'whole') this.defineRecord(id);
        else this.declare(id, use);
        return;
      default:
        return;
    }
  }

  private declare(id: BtfTypeId, use: Use): void {
    const tag = this.tag(id, use === 'pointed');
    if (this.declaredTags.has(tag)) return;
    this.declaredTags.add(tag);
    this.out.push(`${tag};\n`);
  }

  private defineRecord(id: BtfTypeId): void {
    // Recursion into an open record means that the BTF is not valid C; need() then writes nothing.
    this.states.set(id, 'open');
    const type = this.types.get(id);
    if (type.kind !== 'struct' && type.kind !== 'union') return;
    for (const member of type.members) this.need(member.type, 'whole');
    const tag = this.tag(id, false);
    this.declaredTags.add(tag);
    this.out.push(`${tag} ${this.recordBody(id, 0)};\n`);
    this.states.set(id, 'done');
  }

  private defineTypedef(id: BtfTypeId, target: BtfTypeId): void {
    this.states.set(id, 'done');
    this.need(target, 'named');
    const name = this.typedefName(id);
    const missing = MISSING_BASE_TYPES[this.btf.name(this.btf.resolve(target))];
    if (missing !== undefined && this.btf.sizeOf(target) === 0)
      this.out.push(`typedef ${missing} ${name};\n`);
    else this.out.push(`typedef ${this.declaration(target, name, 0)};\n`);
  }

  private recordBody(id: BtfTypeId, depth: number): string {
    if (++this.nesting > MAX_NESTING) throw damaged('an unnamed struct contains itself');
    const layout = this.layouts.layoutOf(id);
    const indent = '\t'.repeat(depth + 1);
    const lines: string[] = [];
    if (layout.form === 'opaque') {
      lines.push(`${indent}/* C cannot express these members. */`);
      lines.push(`${indent}unsigned char __opaque[${this.btf.sizeOf(id)}];`);
    }
    for (const { member, bitSize, padding } of layout.members) {
      lines.push(...paddingLines(padding, indent));
      const declared = this.declaration(member.type, identifier(member.name), depth + 1);
      lines.push(`${indent}${declared}${bitSize > 0 ? ` : ${bitSize}` : ''};`);
    }
    lines.push(...paddingLines(layout.tailPadding, indent));
    this.lines += lines.length;
    if (this.lines > MAX_LINES) throw damaged('its structs have more members than any kernel has');
    this.nesting--;
    return `{\n${lines.map(line => `${line}\n`).join('')}${'\t'.repeat(depth)}}${recordAttributes(layout)}`;
  }

  private enumBody(id: BtfTypeId): string {
    const type = this.types.get(id);
    if (type.kind !== 'enum') throw new TypeError(`type ${id} is a ${type.kind}`);
    this.states.set(id, 'done');
    const names = this.names.enumeratorNames(id);
    const values = enumValues(type);
    const lines = values.map((value, index) => {
      const name = names[index] ?? '';
      return `\t${this.takenNames.has(name) ? name + TAKEN_SUFFIX : name} = ${literal(value)},\n`;
    });
    const head = type.name === '' ? 'enum' : this.tag(id, false);
    return `${head} {\n${lines.join('')}}${enumMode(type.size, values)}`;
  }

  /** Returns a C declaration of `name` (may be '') with that type. */
  private declaration(id: BtfTypeId, name: string, depth: number, parameter = false): string {
    let declarator = name;
    let at = id;
    let pointed = parameter;
    const qualifiers = new Set<string>();
    for (;;) {
      const type = this.types.get(at);
      switch (type.kind) {
        case 'const':
        case 'volatile':
        case 'restrict': {
          const target = this.btf.kind(type.type);
          if (target === 'ptr' || this.isQualifiedPointer(type.type))
            declarator = joined(type.kind === 'restrict' ? '__restrict' : type.kind, declarator);
          // A qualifier has no effect on a function, nor has `restrict` on anything but a pointer.
          else if (target !== 'func_proto' && type.kind !== 'restrict') qualifiers.add(`${type.kind} `);
          at = type.type;
          continue;
        }
        case 'type_tag':
          at = type.type;
          continue;
        case 'ptr': {
          const target = this.skipQualifiers(type.type);
          const kind = this.btf.kind(target);
          declarator = kind === 'array' || kind === 'func_proto' ? `(*${declarator})` : `*${declarator}`;
          pointed = true;
          at = type.type;
          continue;
        }
        case 'array':
          declarator = `${declarator}[${type.count}]`;
          pointed = false;
          at = type.type;
          continue;
        case 'func_proto':
          declarator = `${declarator}(${this.parameters(type.parameters, depth)})`;
          pointed = true;
          at = type.returnType;
          continue;
        default:
          return joined([...qualifiers, this.specifier(at, depth, pointed)].join(''), declarator);
      }
    }
  }

  private parameters(parameters: readonly { name: string; type: BtfTypeId }[], depth: number): string {
    if (parameters.length === 0) return 'void';
    return parameters
      .map(parameter => (parameter.type === 0 ? '...' : this.declaration(parameter.type, '', depth, true)))
      .join(', ');
  }

  private specifier(id: BtfTypeId, depth: number, pointed: boolean): string {
    const type = this.types.get(id);
    switch (type.kind) {
      case 'int':
        return INT_WORDS.test(type.name) ? type.name : intBySize(type.size, type.signed);
      case 'float':
        return type.size === 4 ? 'float' : type.size === 8 ? 'double' : intBySize(type.size, false);
      case 'typedef':
        return this.typedefName(id);
      case 'fwd':
        return this.tag(id, pointed);
      case 'enum':
        if (type.name !== '') return this.tag(id, pointed && type.values.length === 0);
        // Its enumerators can be defined only once; a second use becomes an integer of the same size.
        return this.states.has(id)
          ? intBySize(type.size, type.signed)
          : this.enumBody(id).replaceAll('\n', ' ');
      case 'struct':
      case 'union':
        return type.name === '' ? `${type.kind} ${this.recordBody(id, depth)}` : this.tag(id, pointed);
      default:
        return 'void';
    }
  }

  /**
   * Returns "struct foo". For a type that the program defines itself, a pointer refers to the program's type; any other
   * use refers to the kernel's, under its suffixed name.
   */
  private tag(id: BtfTypeId, pointed: boolean): string {
    const name = this.names.nameOf(id);
    return `${keyword(this.btf, id)} ${!pointed && this.takenTags.has(name) ? name + TAKEN_SUFFIX : name}`;
  }

  private typedefName(id: BtfTypeId): string {
    const name = this.names.nameOf(id);
    return this.takenNames.has(name) ? name + TAKEN_SUFFIX : name;
  }

  private skipQualifiers(id: BtfTypeId): BtfTypeId {
    let at = id;
    for (;;) {
      const type = this.types.get(at);
      const qualifier =
        type.kind === 'const' ||
        type.kind === 'volatile' ||
        type.kind === 'restrict' ||
        type.kind === 'type_tag';
      if (!qualifier) return at;
      at = type.type;
    }
  }

  private aliased(id: BtfTypeId): BtfTypeId {
    const type = this.types.get(id);
    return type.kind === 'typedef' ? type.type : id;
  }

  private isQualifiedPointer(id: BtfTypeId): boolean {
    return this.btf.kind(this.skipQualifiers(id)) === 'ptr';
  }
}

function paddingLines(padding: PaddingBits, indent: string): string[] {
  return padding.map(width => `${indent}long : ${width};`);
}

function recordAttributes(layout: Layout): string {
  const packed = layout.form === 'packed' ? ' __attribute__((packed))' : '';
  return layout.alignedTo > 0 ? `${packed} __attribute__((aligned(${layout.alignedTo})))` : packed;
}

function joined(left: string, right: string): string {
  return right === '' || right.startsWith('[') ? left + right : `${left} ${right}`;
}

function intBySize(size: number, signed: boolean): string {
  const names: Readonly<Record<number, string>> = {
    1: 'char',
    2: 'short',
    4: 'int',
    8: 'long long',
    16: '__int128',
  };
  return `${signed ? 'signed' : 'unsigned'} ${names[size] ?? 'char'}`;
}

/** Before LLVM 15 and Linux 6.0, BTF did not record whether an enum is signed; 32-bit enums show it by their values. */
function enumValues(type: BtfType & { readonly kind: 'enum' }): bigint[] {
  const limit = 1n << BigInt(type.size * 8);
  const negative = !type.signed && !type.is64 && type.values.some(({ value }) => value >= limit);
  return type.values.map(({ value }) => (negative ? BigInt.asIntN(32, value) : value));
}

/** An enumerator's value as a C literal; -2^63 has no literal. */
function literal(value: bigint): string {
  if (value === -(1n << 63n)) return '(-9223372036854775807LL - 1)';
  if (value > 0x7fffffffffffffffn) return `${value}ULL`;
  if (value > 0xffffffffn || value < -0x80000000n) return `${value}LL`;
  return value > 0x7fffffffn ? `${value}U` : `${value}`;
}

/** An attribute, if clang would choose another size than the kernel's compiler did. */
function enumMode(size: number, values: readonly bigint[]): string {
  const wide = values.some(value => value > 0xffffffffn || value < -0x80000000n);
  const negative = values.some(value => value < 0n);
  const natural = wide || (negative && values.some(value => value > 0x7fffffffn)) ? 8 : 4;
  if (size === natural) return '';
  const modes: Readonly<Record<number, string>> = { 1: 'QI', 2: 'HI', 4: 'SI', 8: 'DI' };
  return ` __attribute__((mode(${modes[size] ?? 'SI'})))`;
}
