import { isArrayMap } from '../bpf/map-types';
import type { Btf } from '../btf/btf-model';
import type { DeclaredMap } from './maps';
import type { KeySlotPlace } from './model';
import { scalarStorage } from './record-layout';
import type { KeyPart } from './register-values';

const SLOT_MEMBER = /^(?:bucket|slot)$/;

/**
 * The slots of a histogram whose entries each count one slot: a hash of counters whose key ends in a member `bucket` or
 * `slot` that the programs compute, as ebpf_exporter's macros have it. A constant slot besides is the entry behind the
 * last slot, where those macros keep the sum. Null where the instructions leave any doubt about that: several constants,
 * or no computed slot.
 */
export function keySlots(map: DeclaredMap, btf: Btf, parts: readonly KeyPart[]): KeySlotPlace | null {
  const { definition, keyType, valueType } = map;
  if (isArrayMap(definition.typeName) || keyType === null || valueType === null) return null;
  const key = btf.type(btf.resolve(keyType));
  const value = scalarStorage(btf.type(btf.resolve(valueType)));
  if (key.kind !== 'struct' || (value?.storage !== 'u64' && value?.storage !== 'u32')) return null;
  const last = key.members.at(-1);
  const storage = last && last.bitSize === 0 ? scalarStorage(btf.type(btf.resolve(last.type))) : null;
  if (!last || !SLOT_MEMBER.test(last.name) || (storage?.storage !== 'u32' && storage?.storage !== 'u64'))
    return null;
  const offset = last.bitOffset / 8;
  const stored = parts.filter(part => part.map === definition.name && part.offset === offset);
  if (!stored.some(part => part.value === null)) return null;
  const constants = [...new Set(stored.map(part => part.value ?? 0))]
    .filter(slot => slot > 0)
    .sort((a, b) => b - a);
  const [sum = null, below, ...others] = constants;
  // The limit of the slots may be a constant, too.
  if (others.length > 0 || (below !== undefined && below + 1 !== sum)) return null;
  return { offset, size: storage.size, sum };
}
