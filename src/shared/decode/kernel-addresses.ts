/** Kernel addresses in records, and their formatting once they are symbolized. */
import type { BpfObject, Field, RecordLayout } from '../object/model';
import { addressArrays, stackSpace } from '../object/stack-tables';
import { escapeText } from '../text/escape';
import type { FieldValue } from './model';
import { inlineAddresses } from './stacks';

/** Names by the address that was looked up; unresolved addresses are missing. */
export type KernelNames = ReadonlyMap<bigint, string>;

/** The record's fields with a kernel address or an array of them. */
export function kernelAddressFields(record: RecordLayout): readonly Field[] {
  return record.fields.filter(
    field =>
      (field.storage === 'array' && stackSpace(field) === 'kernel') ||
      (field.storage !== 'array' && field.meaning === 'ksym'),
  );
}

/** True when the object's events or tables contain kernel addresses that are shown by name, which needs the kernel's symbols. */
export function namesKernelAddresses(object: Pick<BpfObject, 'maps'>): boolean {
  return object.maps.some(({ view }) => {
    if (view.kind === 'events') return view.record !== null && kernelAddressFields(view.record).length > 0;
    return (
      view.kind === 'table' &&
      [...view.key.fields, ...view.value.fields].some(field => stackSpace(field) === 'kernel')
    );
  });
}

/**
 * The addresses to look up for a field of kernelAddressFields(), in order, up to the first zero. A single array of
 * addresses in a record is a stack, whose outer frames are return addresses: the call is the instruction before. Several
 * arrays (the ends of branches) are exact addresses.
 */
export function addressesToName(record: RecordLayout, field: Field, value: FieldValue): readonly bigint[] {
  if (field.storage !== 'array')
    return typeof value === 'number' || typeof value === 'bigint' ? [BigInt.asUintN(64, BigInt(value))] : [];
  const addresses = inlineAddresses(value);
  if (addressArrays(record).length > 1) return addresses;
  return addresses.map((address, depth) => (depth === 0 ? address : address - 1n));
}

/** Names for a field of kernelAddressFields(), innermost frame first; an unresolved address is in hexadecimal. */
export function kernelAddressTexts(
  record: RecordLayout,
  field: Field,
  value: FieldValue,
  names: KernelNames,
): readonly string[] {
  const looked = addressesToName(record, field, value);
  const own = field.storage === 'array' ? inlineAddresses(value) : looked;
  return own.map((address, index) => names.get(looked[index] ?? address) ?? `0x${address.toString(16)}`);
}

/** The same in one line: a stack's frames from the innermost out as "vfs_read ← ksys_read", other addresses with commas. */
export function formatKernelAddresses(
  record: RecordLayout,
  field: Field,
  value: FieldValue,
  names: KernelNames,
): string {
  const isStack = field.storage === 'array' && addressArrays(record).length === 1;
  return kernelAddressTexts(record, field, value, names)
    .map(escapeText)
    .join(isStack ? ' ← ' : ', ');
}
