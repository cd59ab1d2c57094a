import type { MapDefinition } from '../object/model';
import type { StackTable } from '../object/stack-tables';
import { completeEntries } from './map-values';
import type { FieldValue, MapEntry } from './model';

/** One frame of a stack map's entry, innermost first in its stack. */
export type StackAddress =
  | { readonly kind: 'address'; readonly address: bigint }
  /** struct bpf_stack_build_id with status 1: an offset into the file with that build id. */
  | { readonly kind: 'build-id'; readonly buildId: string; readonly offset: bigint };

/**
 * The stacks in a snapshot of a stack map, by id (the map's key). Frames end at the first zero address; with build ids
 * they end at status 0 (BPF_STACK_BUILD_ID_EMPTY), and status 2 is a plain address (include/uapi/linux/bpf.h).
 */
export function decodeStacks(
  map: MapDefinition,
  keys: Uint8Array,
  values: Uint8Array,
  count: number,
): Map<number, StackAddress[]> {
  const stacks = new Map<number, StackAddress[]>();
  const { view } = map;
  if (view.kind !== 'stacks') return stacks;
  const entries = completeEntries({ ...map, perCpu: false }, keys, values, count, 1);
  const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
  const valueView = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let entry = 0; entry < entries; entry++) {
    const start = entry * map.valueSize;
    const frames = view.buildId
      ? buildIdFrames(valueView, start, view.depth)
      : addressFrames(valueView, start, view.depth);
    stacks.set(keyView.getUint32(entry * map.keySize, true), frames);
  }
  return stacks;
}

function addressFrames(view: DataView, start: number, depth: number): StackAddress[] {
  const frames: StackAddress[] = [];
  for (let i = 0; i < depth; i++) {
    const address = view.getBigUint64(start + i * 8, true);
    if (address === 0n) break;
    frames.push({ kind: 'address', address });
  }
  return frames;
}

function buildIdFrames(view: DataView, start: number, depth: number): StackAddress[] {
  const frames: StackAddress[] = [];
  for (let i = 0; i < depth; i++) {
    const at = start + i * 32;
    const status = view.getInt32(at, true);
    const offset = view.getBigUint64(at + 24, true);
    if (status === 1) {
      let buildId = '';
      for (let byte = 0; byte < 20; byte++)
        buildId += view
          .getUint8(at + 4 + byte)
          .toString(16)
          .padStart(2, '0');
      frames.push({ kind: 'build-id', buildId, offset });
    } else if (status === 2) {
      frames.push({ kind: 'address', address: offset });
    } else {
      break;
    }
  }
  return frames;
}

/** An inline stack's addresses, innermost first, up to the first zero. */
export function inlineAddresses(value: FieldValue | undefined): bigint[] {
  if (!Array.isArray(value)) return [];
  const end = value.findIndex(address => BigInt(address) === 0n);
  return value.slice(0, end < 0 ? undefined : end).map(address => BigInt(address));
}

/** Key and value without the stacks themselves. */
export function withoutStacks(table: StackTable, entry: MapEntry): Pick<MapEntry, 'key' | 'value'> {
  const strip = (part: 'key' | 'value') =>
    Object.fromEntries(
      Object.entries(entry[part]).filter(
        ([name]) => !table.stacks.some(stack => stack.part === part && stack.field.name === name),
      ),
    );
  return { key: strip('key'), value: strip('value') };
}
