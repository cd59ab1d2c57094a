import type { BpfObject, GlobalVariable } from '../object/model';
import { decodeRecord } from './field';
import type { FieldValue } from './model';

/** True for a number, text or array; its only field is then called `value`. False for a struct, which has its members. */
export function isSingleValue({ layout }: Pick<GlobalVariable, 'layout'>): boolean {
  return layout.fields.length === 1 && layout.fields[0]?.name === 'value';
}

/** Decodes the globals of one section from its map's only value. Omits those beyond the end of the bytes. */
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
