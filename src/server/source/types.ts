/** Types of expressions: from the file's own declarations, else from the kernel's BTF. */
import type { BtfTypeId } from '../../shared/btf/btf-model';
import { lex } from '../../shared/c/lexer';
import type { Helper } from '../helpers/helper-defs';
import { declaration } from '../kernel/btf-c';
import type { KernelTypes } from '../kernel/kernel-types';
import { evaluate } from './constants';
import { readDeclaration } from './declarations';
import type { Aggregate, Declared, WrittenType } from './model';
import type { ProgramSource } from './program-source';

/** A type as written, or one of the kernel's. */
export type CType =
  | { readonly from: 'source'; readonly type: WrittenType }
  | { readonly from: 'kernel'; readonly id: BtfTypeId };

export interface MemberInfo {
  readonly name: string;
  readonly type: CType;
  /** C declaration with the name. */
  readonly text: string;
  /** Bytes; null if unknown. */
  readonly offset: number | null;
}

const BASIC_SIZES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    1: 'char|signed char|unsigned char|bool|_Bool|__u8|u8|__s8|s8|uint8_t',
    2: 'short|unsigned short|short int|short unsigned int|__u16|u16|__s16|s16|__be16|__le16|uint16_t',
    4: 'int|unsigned|unsigned int|__u32|u32|__s32|s32|__be32|__le32|__wsum|uint32_t|pid_t|uid_t|gid_t|dev_t',
    8:
      'long|unsigned long|long long|unsigned long long|long int|long unsigned int|unsigned long int|__u64|u64|__s64|s64|' +
      '__be64|__le64|uint64_t|size_t|ssize_t|loff_t',
  }).flatMap(([size, names]) => names.split('|').map(name => [name, Number(size)] as const)),
);
const UNSIGNED =
  /^(__)?(u|be|le)(32|64)$|^uint(32|64)_t$|^size_t$|^unsigned( int| long| long long| long int)?$|^long (long )?unsigned( int)?$|^gadget_histogram_slot__u(32|64)$/;
const MAX_DEPTH = 16;

export class Types {
  constructor(
    readonly source: ProgramSource,
    readonly kernel: KernelTypes | null,
    private readonly helpers: ReadonlyMap<string, Helper>,
  ) {}

  evaluate(text: string): bigint | null {
    return evaluate(text, {
      source: this.source,
      sizeOf: one => this.sizeOfText(one),
      enumerator: name => this.kernelEnumerator(name),
    });
  }

  /** "struct file *" and similar; null if it is not a type. */
  parseType(text: string): WrittenType | null {
    // The name is before dimensions: u64[4] is `u64 x[4]`.
    const bracket = text.indexOf('[');
    const at = bracket < 0 ? text.length : bracket;
    const tokens = lex(`${text.slice(0, at)} x${text.slice(at)}`).tokens;
    const [one] = readDeclaration(tokens).declared;
    return one?.name === 'x' ? one.type : null;
  }

  /** Bytes; null if unknown. */
  sizeOf(type: WrittenType, depth = 0): number | null {
    if (depth > MAX_DEPTH) return null;
    let count = 1;
    for (const dimension of type.dimensions) {
      const value = this.evaluate(dimension);
      if (value === null || value < 0n || value > 1n << 32n) return null;
      count *= Number(value);
    }
    const one = type.pointers > 0 || type.isFunctionPointer ? 8 : this.sizeOfName(type, depth);
    return one === null ? null : one * count;
  }

  sizeOfText(text: string): number | null {
    const type = this.parseType(text);
    if (type) {
      const size = this.sizeOf(type);
      if (size !== null) return size;
    }
    const variable = this.source.variable(text);
    return variable ? this.sizeOf(variable.type) : null;
  }

  /** Members of a value or pointer of the type. */
  members(type: CType, depth = 0): MemberInfo[] {
    if (type.from === 'kernel') return this.kernelMembers(type.id);
    const aggregate = this.aggregateOf(type.type);
    if (aggregate) return this.sourceMembers(aggregate, 0);
    const id = this.kernel?.findType(type.type.name) ?? null;
    if (id !== null) return this.kernelMembers(id);
    const typedef = this.source.typedef(type.type.name);
    return typedef && depth < MAX_DEPTH ? this.members({ from: 'source', type: typedef }, depth + 1) : [];
  }

  member(type: CType, name: string): MemberInfo | null {
    return this.members(type).find(one => one.name === name) ?? null;
  }

  /** The type without its outermost pointer or array. */
  pointee(type: CType, depth = 0): CType | null {
    if (type.from === 'source') {
      if (type.type.dimensions.length > 0)
        return { from: 'source', type: { ...type.type, dimensions: type.type.dimensions.slice(1) } };
      if (type.type.pointers > 0)
        return { from: 'source', type: { ...type.type, pointers: type.type.pointers - 1 } };
      const typedef = this.source.typedef(type.type.name);
      return typedef && depth < MAX_DEPTH ? this.pointee({ from: 'source', type: typedef }, depth + 1) : null;
    }
    if (!this.kernel) return null;
    const target = this.kernel.btf.type(this.kernel.btf.resolve(type.id));
    return target.kind === 'ptr' || target.kind === 'array' ? { from: 'kernel', id: target.type } : null;
  }

  write(type: CType, name = ''): string {
    if (type.from === 'kernel') return this.kernel ? declaration(this.kernel.btf, type.id, name) : name;
    const { pointers, dimensions, isFunctionPointer } = type.type;
    const stars = '*'.repeat(pointers);
    const sizes = dimensions.map(one => `[${one}]`).join('');
    if (isFunctionPointer) return `${type.type.name} (*${name})()`;
    return `${type.type.name} ${stars}${name}${sizes}`.trim();
  }

  /** The struct, union or typedef'd one with that name, in this file. */
  aggregateOf(type: WrittenType, depth = 0): Aggregate | null {
    if (type.inline) return type.inline;
    const tagged = /^(struct|union|enum) (\w+)$/.exec(type.name);
    if (tagged?.[1] && tagged[2]) return this.source.aggregate(tagged[1], tagged[2]);
    const typedef = depth < MAX_DEPTH ? this.source.typedef(type.name) : null;
    return typedef && typedef.pointers === 0 ? this.aggregateOf(typedef, depth + 1) : null;
  }

  /** A type without this program's typedefs, and their names. */
  withoutTypedefs(type: WrittenType): WrittenType & { readonly names: readonly string[] } {
    const names = [type.name];
    let at = type;
    for (let next = this.source.typedef(at.name); next && names.length < MAX_DEPTH; ) {
      names.push(next.name);
      at = {
        ...next,
        pointers: at.pointers + next.pointers,
        dimensions: [...at.dimensions, ...next.dimensions],
      };
      next = this.source.typedef(at.name);
    }
    return { ...at, names };
  }

  /** Whether the name is an unsigned integer type of 4 or 8 bytes, here or in the kernel. */
  isUnsigned(name: string): boolean {
    if (UNSIGNED.test(name)) return true;
    const id = this.kernel?.findType(name) ?? null;
    const type = id === null || !this.kernel ? null : this.kernel.btf.type(this.kernel.btf.resolve(id));
    return type?.kind === 'int' && !type.signed && (type.size === 4 || type.size === 8);
  }

  helperReturn(name: string): CType | null {
    const helper = this.helpers.get(name);
    const type = helper ? this.parseType(helper.returnType) : null;
    return type ? { from: 'source', type } : null;
  }

  private sizeOfName(type: WrittenType, depth: number): number | null {
    const basic = BASIC_SIZES.get(type.name);
    if (basic !== undefined) return basic;
    const aggregate = this.aggregateOf(type);
    if (aggregate) return aggregate.kind === 'enum' ? 4 : (this.layout(aggregate, depth + 1)?.size ?? null);
    const typedef = this.source.typedef(type.name);
    if (typedef) return this.sizeOf(typedef, depth + 1);
    const id = this.kernel?.findType(type.name) ?? null;
    if (id === null || !this.kernel) return type.name.startsWith('enum ') ? 4 : null;
    return this.kernel.btf.sizeOf(id) || null;
  }

  private alignOf(type: WrittenType, depth: number): number {
    if (type.pointers > 0 || type.isFunctionPointer) return 8;
    const aggregate = this.aggregateOf(type);
    if (aggregate && aggregate.kind !== 'enum')
      return Math.max(
        1,
        ...aggregate.members.map(member => (depth < MAX_DEPTH ? this.alignOf(member.type, depth + 1) : 1)),
      );
    const typedef = this.source.typedef(type.name);
    if (typedef && depth < MAX_DEPTH) return this.alignOf(typedef, depth + 1);
    return Math.min(8, this.sizeOfName(type, depth) ?? 8);
  }

  /** Size and member offsets by C's rules; bit fields are packed approximately. Null if a member's size is unknown. */
  layout(aggregate: Aggregate, depth = 0): { size: number; offsets: (number | null)[] } | null {
    if (depth > MAX_DEPTH) return null;
    let at = 0;
    let most = 0;
    let largestAlign = 1;
    let bitsLeft = 0;
    const offsets: number[] = [];
    for (const member of aggregate.members) {
      const size = this.sizeOf(member.type, depth + 1);
      if (size === null) return null;
      const align = this.alignOf(member.type, depth + 1);
      largestAlign = Math.max(largestAlign, align);
      if (member.bits !== null) {
        const bits = Number(this.evaluate(member.bits) ?? 0n);
        if (bits > bitsLeft) {
          at = Math.ceil(at / align) * align + size;
          bitsLeft = size * 8;
        }
        bitsLeft -= bits;
        offsets.push(at - size);
        most = Math.max(most, at);
        continue;
      }
      bitsLeft = 0;
      const begin = aggregate.kind === 'union' ? 0 : Math.ceil(at / align) * align;
      offsets.push(begin);
      at = begin + size;
      most = Math.max(most, at);
    }
    return { size: Math.ceil(most / largestAlign) * largestAlign, offsets };
  }

  private sourceMembers(aggregate: Aggregate, depth: number): MemberInfo[] {
    const layout = this.layout(aggregate);
    return aggregate.members.flatMap((member: Declared, index): MemberInfo[] => {
      const offset = layout?.offsets[index] ?? null;
      if (member.name === '' && member.type.inline && depth < MAX_DEPTH)
        return this.sourceMembers(member.type.inline, depth + 1).map(inner => ({
          ...inner,
          offset: inner.offset === null || offset === null ? null : inner.offset + offset,
        }));
      const type: CType = { from: 'source', type: member.type };
      return [{ name: member.name, type, offset, text: this.write(type, member.name) }];
    });
  }

  private kernelMembers(id: BtfTypeId): MemberInfo[] {
    const { kernel } = this;
    if (!kernel) return [];
    let at = kernel.btf.resolve(id);
    const outer = kernel.btf.type(at);
    if (outer.kind === 'ptr') at = kernel.btf.resolve(outer.type);
    return kernel.members(at).map(member => ({
      name: member.name,
      type: { from: 'kernel', id: member.type },
      offset: Math.floor(member.bitOffset / 8),
      text: declaration(kernel.btf, member.type, member.name),
    }));
  }

  private kernelEnumerator(name: string): bigint | null {
    // An enumerator since 5.17, a macro before.
    return this.kernel?.enumerator(name)?.value ?? (name === 'TASK_COMM_LEN' ? 16n : null);
  }
}
