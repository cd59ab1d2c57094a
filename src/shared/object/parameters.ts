import type { Btf, BtfTypeId } from '../btf/btf-model';
import { decodeCString } from '../bytes/utf8';
import type { Variable } from './data-section';
import type { Field, Parameter } from './model';
import { layoutOf } from './record-layout';
import { readTags, type Tags } from './tags';

type Role = Exclude<Parameter['role'], null>;

const ROLES: readonly Role[] = ['pid', 'tid', 'comm', 'uid', 'device', 'path', 'function', 'usdt'];

/** Names of libbpf-tools, Inspektor Gadget and bcc ports; tried in order. */
const ROLE_BY_NAME: readonly (readonly [RegExp, Role, 'number' | 'text'])[] = [
  [
    /^((targ|target|filter|gadget|trace|opt|my|only)_)?(pid|tgid)$|^(pid|tgid)_(filter|target)$/,
    'pid',
    'number',
  ],
  [/^((targ|target|filter|gadget|trace|opt|only)_)?tid$|^tid_(filter|target)$/, 'tid', 'number'],
  [/^((targ|target|filter|gadget|trace|opt|only)_)?uid$|^uid_(filter|target)$/, 'uid', 'number'],
  [/^((targ|target|filter|gadget|trace|opt|only)_)?comm$|^comm_(filter|target)$/, 'comm', 'text'],
  [/^((targ|target|filter)_)?dev(ice)?$/, 'device', 'number'],
  [/^((targ|target)_)?(path|binary_path|library|library_path|binary)$/, 'path', 'text'],
  [/^((targ|target)_)?(func|function|function_name|func_name)$/, 'function', 'text'],
];

/**
 * The parameters that can be set before load: the `const volatile` globals of .rodata with one number, bool, enum, text
 * or address. Plain constants, including static ones, may be inlined by the compiler.
 */
export function readParameters(btf: Btf, variables: readonly Variable[], littleEndian: boolean): Parameter[] {
  const parameters: Parameter[] = [];
  for (const variable of variables) {
    if (variable.linkage !== 1 || !isVolatile(btf, variable.type)) continue;
    const tags = readTags(btf, variable.id);
    if (tags.has('hidden')) continue;
    const field = singleField(btf, variable, tags);
    if (field) parameters.push(parameterOf(variable, field, tags, littleEndian));
  }
  return parameters;
}

/** The variable as a field with its name; null for structs and arrays. */
function singleField(btf: Btf, variable: Variable, tags: Tags): Field | null {
  const layout = layoutOf(btf, variable.type, tags, variable.name);
  const field = layout.fields[0];
  if (layout.fields.length !== 1 || !field || field.size !== variable.size) return null;
  if (/^(array|records|f\d+|[ui]128)$/.test(field.storage)) return null;
  if (field.storage === 'bytes' && field.meaning !== 'ipv6' && field.meaning !== 'mac') return null;
  return field;
}

function isVolatile(btf: Btf, typeId: BtfTypeId): boolean {
  let id = typeId;
  for (let depth = 0; depth < 32; depth++) {
    const type = btf.type(id);
    if (type.kind === 'volatile') return true;
    // Qualifiers of an array belong to its elements.
    if (
      type.kind !== 'const' &&
      type.kind !== 'restrict' &&
      type.kind !== 'typedef' &&
      type.kind !== 'array' &&
      type.kind !== 'type_tag'
    ) {
      return false;
    }
    id = type.type;
  }
  return false;
}

function parameterOf(variable: Variable, field: Field, tags: Tags, littleEndian: boolean): Parameter {
  const role = roleOf(variable.name, field, tags.get('role'));
  return {
    name: variable.name,
    label: tags.get('label') ?? variable.name,
    help: tags.get('help') ?? '',
    unit: field.unit,
    section: variable.section.name,
    offset: variable.offset,
    size: variable.size,
    storage: field.storage,
    ...(field.bigEndian && { bigEndian: true }),
    why: whyOf(field, role, tags.has('role')),
    meaning: field.meaning,
    valueNames: field.valueNames,
    min: tags.integer('min')?.toString() ?? null,
    max: tags.integer('max')?.toString() ?? null,
    defaultValue: defaultValue(variable, field, littleEndian),
    role,
    ask: tags.has('ask'),
  };
}

function whyOf({ why }: Field, role: Parameter['role'], isTagged: boolean): string {
  return role === null ? why : `${why}; as ${role} because of ${isTagged ? 'the tag role' : 'its name'}`;
}

function roleOf(name: string, field: Field, tagged: string | null): Parameter['role'] {
  if (tagged !== null) return ROLES.find(role => role === tagged) ?? null;
  const shape = field.storage === 'text' ? 'text' : 'number';
  if (field.storage === 'bool' || field.storage === 'bytes') return null;
  if (shape === 'number' && field.size < 4) return null;
  return ROLE_BY_NAME.find(([pattern, , wanted]) => wanted === shape && pattern.test(name))?.[1] ?? null;
}

/** The initial value, formatted as input: decimal, true/false, an enum constant's name, text, or an address. */
function defaultValue(variable: Variable, field: Field, littleEndian: boolean): string {
  const { section, offset, size } = variable;
  // An all-zero .rodata can be SHT_NOBITS.
  const bytes =
    section.bytes.byteLength >= offset + size
      ? section.bytes.subarray(offset, offset + size)
      : new Uint8Array(size);
  if (field.storage === 'text') return decodeCString(bytes, 0, size);
  if (field.storage === 'bytes') {
    if (field.meaning === 'mac') return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
    const groups: string[] = [];
    for (let i = 0; i < size; i += 2)
      groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
    return bytes.every(byte => byte === 0) ? '::' : groups.join(':');
  }
  if (field.storage === 'bool') return (bytes[0] ?? 0) !== 0 ? 'true' : 'false';
  if (field.meaning === 'ipv4') return [...bytes].join('.');

  let value = 0n;
  for (const byte of littleEndian && !field.bigEndian ? bytes.toReversed() : bytes)
    value = (value << 8n) | BigInt(byte);
  if (field.storage.startsWith('i')) value = BigInt.asIntN(size * 8, value);
  return field.valueNames?.[String(value)] ?? String(value);
}
