/** What the arguments, results and members of a probe are, as far as a program can count, compare and show them. */
import type { KernelTypes } from '../server/kernel/kernel-types';
import type { BtfTypeId } from '../shared/btf/btf-model';
import { identifier } from './c-text';

/** Whose memory a pointer points to: how it is read. */
export type Memory = 'kernel' | 'user';

export type ValueType =
  | {
      readonly kind: 'integer';
      readonly size: number;
      readonly signed: boolean;
      /** The type it is declared with: "size_t", "enum pid_type". */
      readonly c: string;
    }
  | {
      readonly kind: 'pointer';
      /** A struct or union; null: no members are known. */
      readonly to: BtfTypeId | null;
      readonly c: string;
      readonly memory: Memory;
      /** It points to characters, which may be a text. */
      readonly characters: boolean;
    }
  | { readonly kind: 'struct'; readonly id: BtfTypeId }
  | { readonly kind: 'text'; readonly bytes: number };

export const U64: ValueType & { kind: 'integer' } = { kind: 'integer', size: 8, signed: false, c: '__u64' };
export const S64: ValueType & { kind: 'integer' } = { kind: 'integer', size: 8, signed: true, c: '__s64' };

/** null for what is not a number, a pointer, a struct or an array of characters. Throws TraceError for names that C cannot have. */
export function valueTypeOf(types: KernelTypes, id: BtfTypeId, memory: Memory): ValueType | null {
  const { btf } = types;
  const resolved = btf.resolve(id);
  const type = btf.type(resolved);
  switch (type.kind) {
    case 'int':
      return {
        kind: 'integer',
        size: type.size,
        signed: type.signed,
        c: typedefOf(types, id) ?? words(type.name),
      };
    case 'enum': {
      const c = typedefOf(types, id) ?? (type.name === '' ? null : `enum ${identifier(type.name)}`);
      return { kind: 'integer', size: type.size, signed: type.signed, c: c ?? sized(type.size, type.signed) };
    }
    case 'ptr': {
      const target = btf.resolve(type.type);
      const pointee = btf.type(target);
      const isAggregate = (pointee.kind === 'struct' || pointee.kind === 'union') && pointee.name !== '';
      const characters = pointee.kind === 'int' && pointee.size === 1;
      const c = isAggregate
        ? `${pointee.kind} ${identifier(pointee.name)} *`
        : characters
          ? 'char *'
          : 'void *';
      return { kind: 'pointer', to: isAggregate ? target : null, c, memory, characters };
    }
    case 'struct':
    case 'union':
      return { kind: 'struct', id: resolved };
    case 'array': {
      const element = btf.type(btf.resolve(type.type));
      return element.kind === 'int' && element.size === 1 && type.count > 0
        ? { kind: 'text', bytes: type.count }
        : null;
    }
    default:
      return null;
  }
}

/** The typedef a value is declared with; null for a plain type. */
function typedefOf({ btf }: KernelTypes, id: BtfTypeId): string | null {
  let type = btf.type(id);
  for (let depth = 0; depth < 32; depth++) {
    if (type.kind === 'typedef') return identifier(type.name);
    if (
      type.kind !== 'const' &&
      type.kind !== 'volatile' &&
      type.kind !== 'restrict' &&
      type.kind !== 'type_tag'
    )
      return null;
    type = btf.type(type.type);
  }
  return null;
}

const words = (name: string): string => name.split(' ').map(identifier).join(' ');

const sized = (size: number, signed: boolean): string => `__${signed ? 's' : 'u'}${size * 8}`;
