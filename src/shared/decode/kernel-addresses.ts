/** Kernel addresses in records, and how they are shown once they have names. */
import type { BpfObject, Field, RecordLayout } from '../object/model';
import { addressArrays, stackSpace } from '../object/stack-tables';
import { escapeText } from '../text/escape';
import type { FieldValue } from './model';
import { inlineAddresses } from './stacks';

/** Names by the address that was looked up; what has none is not in it. */
export type KernelNames = ReadonlyMap<bigint, string>;

/** The record's fields that hold kernel addresses: one, or an array of them. */
export function kernelAddressFields(record: RecordLayout): readonly Field[] {
  return record.fields.filter(
    field =>
      (field.storage === 'array' && stackSpace(field) === 'kernel') ||
      (field.storage !== 'array' && field.meaning === 'ksym'),
  );
}

/** True when events or tables of the object hold kernel addresses that are shown by name: that takes the kernel's symbols. */
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
 * The addresses whose names say what a field of kernelAddressFields() holds, in its order, without what follows the first
 * zero. One array of addresses in a record is a stack, whose outer frames hold return addresses: the call is the
 * instruction before. Several (the ends of branches) are places.
 */
export function addressesToName(record: RecordLayout, field: Field, value: FieldValue): readonly bigint[] {
  if (field.storage !== 'array')
    return typeof value === 'number' || typeof value === 'bigint' ? [BigInt.asUintN(64, BigInt(value))] : [];
  const addresses = inlineAddresses(value);
  if (addressArrays(record).length > 1) return addresses;
  return addresses.map((address, depth) => (depth === 0 ? address : address - 1n));
}

/** A field of kernelAddressFields() by name, innermost frame first; what has no name is its address in hexadecimal. */
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

/** The same in one line: a stack's frames from the innermost out as "vfs_read ← ksys_read", places with commas. */
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
