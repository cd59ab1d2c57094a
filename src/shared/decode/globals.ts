import type { BpfObject, GlobalVariable } from '../object/model';
import { decodeRecord } from './field';
import type { FieldValue } from './model';

/** The globals of one section out of its map's only value. Those the bytes do not reach are left out. */
export function decodeGlobals(
  object: Pick<BpfObject, 'globals'>,
  section: string,
  bytes: Uint8Array,
): { readonly global: GlobalVariable; readonly value: Record<string, FieldValue> }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return object.globals
    .filter(global => global.section === section && global.offset + global.layout.size <= bytes.byteLength)
    .map(global => ({ global, value: decodeRecord(view, global.offset, global.layout) }));
}
