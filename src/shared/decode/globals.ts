import type { BpfObject, GlobalVariable } from '../object/model';
import { decodeRecord } from './field';
import type { RecordValue } from './model';

/** Decodes the globals of one section from its map's only value. Omits those beyond the end of the bytes. */
export function decodeGlobals(
  object: Pick<BpfObject, 'globals'>,
  section: string,
  bytes: Uint8Array,
): { readonly global: GlobalVariable; readonly value: RecordValue }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return object.globals
    .filter(global => global.section === section && global.offset + global.layout.size <= bytes.byteLength)
    .map(global => ({ global, value: decodeRecord(view, global.offset, global.layout) }));
}
