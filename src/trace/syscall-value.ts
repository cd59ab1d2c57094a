/** A system call's argument, from its declaration in the kernel's interface: "const char *filename". */
import type { KernelTypes } from '../server/kernel/kernel-types';
import type { Offered } from './probe';
import { U64, type ValueType, valueTypeOf } from './value-type';

/** C's own names, and BTF's for the same where they differ. */
const BASIC: Readonly<Record<string, ValueType & { kind: 'integer' }>> = {
  int: { kind: 'integer', size: 4, signed: true, c: 'int' },
  long: { kind: 'integer', size: 8, signed: true, c: 'long' },
  'unsigned int': { kind: 'integer', size: 4, signed: false, c: 'unsigned int' },
  'unsigned long': { kind: 'integer', size: 8, signed: false, c: 'unsigned long' },
};

/** `const char *` that is data, not a text. */
const DATA = /^(buf|vec|uargs)$/;

export function syscallValue(declaration: string, types: KernelTypes): Offered {
  const [, before = '', name = ''] = /^(.*?)(\w+)$/s.exec(declaration) ?? [];
  const words = before.replace(/\bconst\b/g, '').trim();
  const isText = /^const char \*$/.test(before.trim()) && !DATA.test(name);
  return { name, type: typeOf(words, types), memory: 'user', isText, isDataLoc: false };
}

function typeOf(words: string, types: KernelTypes): ValueType | null {
  const pointee = /^(.*\S)\s*\*$/.exec(words)?.[1];
  if (pointee === undefined) return numberOf(words, types);
  const struct = /^(struct|union) \w+$/.test(pointee) ? types.findType(pointee) : null;
  const characters = pointee === 'char';
  const c = struct === null ? (characters ? 'char *' : 'void *') : `${pointee} *`;
  return { kind: 'pointer', to: struct, c, memory: 'user', characters };
}

function numberOf(name: string, types: KernelTypes): ValueType {
  const id = types.find('typedef', name);
  const type = id === null ? null : valueTypeOf(types, id, 'user');
  return BASIC[name] ?? (type?.kind === 'integer' ? type : U64);
}
