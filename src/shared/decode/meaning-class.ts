/** What kind of thing a value is, by its meaning: what tables align, subtract and export by. */
import type { Meaning } from '../object/meaning';
import type { Field } from '../object/model';

/** A quantity can be added up and subtracted, a moment compared; an id and a name only tell things apart. */
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
  'port-be': 'id',
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

/** One number that people read as digits. */
export function isNumeric(field: Pick<Field, 'storage' | 'meaning'>): boolean {
  const { storage } = field;
  return storage !== 'text' && storage !== 'bytes' && storage !== 'array' && classOf(field) !== 'name';
}

/** One number whose sums and differences mean something. */
export function isQuantity(field: Pick<Field, 'storage' | 'meaning'>): boolean {
  return isNumeric(field) && field.storage !== 'bool' && classOf(field) === 'quantity';
}
