/** The class of a meaning, by which tables align, subtract and export values. */
import type { Meaning } from '../object/meaning';
import type { Field } from '../object/model';

/** Quantities can be added and subtracted, moments compared; ids and names only identify. */
export type MeaningClass = 'quantity' | 'moment' | 'id' | 'name';

const CLASSES: Readonly<Record<Meaning, MeaningClass>> = {
  plain: 'quantity',
  'duration-ns': 'quantity',
  'duration-us': 'quantity',
  'duration-ms': 'quantity',
  bytes: 'quantity',
  kib: 'quantity',
  percent: 'quantity',
  count: 'quantity',
  'timestamp-ns': 'moment',
  bool: 'id',
  pid: 'id',
  tid: 'id',
  uid: 'id',
  gid: 'id',
  port: 'id',
  hex: 'id',
  'kernel-stack': 'id',
  'user-stack': 'id',
  cpu: 'id',
  cgroup: 'id',
  enum: 'name',
  flags: 'name',
  comm: 'name',
  text: 'name',
  hexdump: 'name',
  ipv4: 'name',
  ipv6: 'name',
  mac: 'name',
  errno: 'name',
  signal: 'name',
  syscall: 'name',
  ksym: 'name',
  usym: 'name',
  device: 'name',
};

export function classOf({ meaning }: Pick<Field, 'meaning'>): MeaningClass {
  return CLASSES[meaning];
}

/** Whether a value is a single number or bool, whatever it is shown as. */
export function isScalar({ storage }: Pick<Field, 'storage'>): boolean {
  return /^(bool|[uif]\d+)$/.test(storage);
}

/** Whether a value is a single number that is shown as digits. */
export function isNumeric(field: Pick<Field, 'storage' | 'meaning'>): boolean {
  return isScalar(field) && classOf(field) !== 'name';
}

/** Whether a value is a single number that can be added and subtracted. */
export function isQuantity(field: Pick<Field, 'storage' | 'meaning'>): boolean {
  return isNumeric(field) && field.storage !== 'bool' && classOf(field) === 'quantity';
}
