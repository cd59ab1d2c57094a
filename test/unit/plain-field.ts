import type { Field } from '../../src/shared/object/model';
import { plainField as fieldOfValue } from '../../webview/common/fields';

/** A u64 without a meaning of its own, as the first member of a record; `part` says what differs. */
export const plainField = (name: string, part: Partial<Field> = {}): Field =>
  fieldOfValue(name, name, { size: 8, typeName: '__u64', ...part });

/** Records of one u64 each as they lie in a ring buffer: u32 length, u32 page offset, the value. */
export function ringSpanOf(values: readonly (number | bigint)[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.length * 16));
  values.forEach((value, index) => {
    view.setUint32(index * 16, 8, true);
    view.setBigUint64(index * 16 + 8, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}
