import { assumedSizes } from '../bpf/assumed-sizes';
import { isPerCpuMap, mapTypeName } from '../bpf/map-types';
import type { Btf, BtfTypeId } from '../btf/btf-model';
import type { Elf } from '../elf/elf';
import { ObjectError } from '../elf/object-error';
import type { MapDefinition } from './model';
import { readTags, type Tags } from './tags';

const MAX_MAPS = 1024;
/** libbpf has about a dozen map attributes. */
const MAX_ATTRIBUTES = 64;

/** A BTF-defined map with the information from which its view is inferred. */
export interface DeclaredMap {
  readonly definition: Omit<MapDefinition, 'view' | 'entries'>;
  readonly btfId: BtfTypeId;
  readonly tags: Tags;
  /** null when only the size was given. */
  readonly keyType: BtfTypeId | null;
  readonly valueType: BtfTypeId | null;
}

/**
 * Reads the maps of the ".maps" section as libbpf does (parse_btf_map_def, tools/lib/bpf/libbpf.c): `__uint` is the
 * length of a pointed-to array, `__type` a pointed-to type. Sizes of perf buffers, which libbpf determines, are 0.
 * Throws ObjectError 'bad-btf' when maps are declared without BTF, 'unsupported' for the legacy "maps" section.
 */
export function readMaps(elf: Elf, btf: Btf | null): DeclaredMap[] {
  const legacy = elf.section('maps');
  if (legacy) {
    const names = elf.symbols.filter(each => each.section === legacy.index && each.name !== '');
    throw new ObjectError('unsupported', legacyMapsMessage(names.map(each => each.name)));
  }
  if (!elf.section('.maps')) return [];
  const sectionId = btf?.find('datasec', '.maps') ?? null;
  if (!btf || sectionId === null) {
    throw new ObjectError(
      'bad-btf',
      'The object has maps but no type information (BTF). Compile with -g, and strip only with llvm-strip -g.',
    );
  }
  const section = btf.type(sectionId);
  const maps: DeclaredMap[] = [];
  if (section.kind !== 'datasec') return maps;
  for (const entry of section.variables) {
    const variable = btf.type(entry.type);
    if (variable.kind !== 'var') continue;
    if (maps.length >= MAX_MAPS)
      throw new ObjectError('unsupported', `The object has more than ${MAX_MAPS} maps.`);
    const map = readMap(btf, variable.name, entry.type, variable.type);
    if (map) maps.push(map);
  }
  return maps;
}

/** What libbpf 1.0 and later say of the maps of SEC("maps"). */
export function legacyMapsMessage(names: readonly string[]): string {
  const what = names.length === 1 ? 'a legacy map definition' : 'legacy map definitions';
  return `${names.join(', ') || 'The object'}: ${what} (struct bpf_map_def in SEC("maps")), which libbpf 1.0 and later reject. Declare each map in SEC(".maps").`;
}

function readMap(btf: Btf, name: string, btfId: BtfTypeId, typeId: BtfTypeId): DeclaredMap | null {
  const definition = btf.type(btf.resolve(typeId));
  if (definition.kind !== 'struct' || definition.members.length > MAX_ATTRIBUTES) return null;
  const numbers = new Map<string, number>();
  const types = new Map<string, BtfTypeId>();
  for (const member of definition.members) {
    const pointer = btf.type(btf.resolve(member.type));
    if (pointer.kind !== 'ptr') continue;
    const pointee = btf.type(btf.resolve(pointer.type));
    if (member.name === 'key' || member.name === 'value') types.set(member.name, pointer.type);
    else if (pointee.kind === 'array') numbers.set(member.name, pointee.count);
  }
  const type = numbers.get('type') ?? 0;
  const keyType = types.get('key') ?? null;
  const valueType = types.get('value') ?? null;
  const tags = readTags(btf, btfId);
  const declared = {
    typeName: mapTypeName(type),
    valueSize: valueType === null ? (numbers.get('value_size') ?? 0) : btf.sizeOf(valueType),
    maxEntries: numbers.get('max_entries') ?? 0,
    flags: numbers.get('map_flags') ?? 0,
  };
  const assumed = assumedSizes(declared);
  return {
    btfId,
    tags,
    keyType,
    valueType,
    definition: {
      name,
      type,
      keySize: keyType === null ? (numbers.get('key_size') ?? 0) : btf.sizeOf(keyType),
      ...declared,
      ...assumed,
      assumed,
      perCpu: isPerCpuMap(mapTypeName(type)),
      label: tags.get('label') ?? name,
    },
  };
}
