/**
 * Tables of stacks: maps whose key or value contains a stack, inline (an array of addresses) or by its id in a stack map.
 * The other fields of key and value group and measure the stacks.
 */
import type { BpfObject, Field, MapDefinition, RecordLayout } from './model';

export interface StackField {
  readonly part: 'key' | 'value';
  readonly field: Field;
  readonly space: 'kernel' | 'user';
  /** True: the record contains the addresses; false: the field is an id in a stack map. */
  readonly inline: boolean;
}

export interface StackTable {
  readonly map: MapDefinition;
  readonly stacks: readonly StackField[];
  /** The field with the process to which user addresses belong. */
  readonly pid: { readonly part: 'key' | 'value'; readonly field: Field } | null;
}

/** The object's tables of stacks, in map order. */
export function stackTables(object: Pick<BpfObject, 'maps'>): StackTable[] {
  return object.maps.flatMap(map => {
    if (map.view.kind !== 'table') return [];
    const fields = [
      ...map.view.key.fields.map(field => ({ part: 'key' as const, field })),
      ...map.view.value.fields.map(field => ({ part: 'value' as const, field })),
    ];
    const stacks = fields.flatMap(({ part, field }) => {
      const space = stackSpace(field);
      return space === null ? [] : [{ part, field, space, inline: field.storage === 'array' }];
    });
    const pid =
      fields.find(({ field }) => field.meaning === 'pid') ??
      fields.find(({ field }) => field.meaning === 'tid') ??
      null;
    return stacks.length > 0 ? [{ map, stacks, pid }] : [];
  });
}

/** True when tables or events of the object contain user stacks: symbolizing them needs the processes. */
export function showsUserStacks(object: Pick<BpfObject, 'maps'>): boolean {
  return object.maps.some(({ view }) => {
    const layouts =
      view.kind === 'table'
        ? [view.key, view.value]
        : view.kind === 'events' && view.record
          ? [view.record]
          : [];
    return layouts.some(layout => layout.fields.some(field => stackSpace(field) === 'user'));
  });
}

/** The address space of a field's stack; null when the field is not a stack. */
export function stackSpace(field: Field): 'kernel' | 'user' | null {
  if (field.meaning === 'kernel-stack') return 'kernel';
  if (field.meaning === 'user-stack') return 'user';
  if (field.storage !== 'array') return null;
  return field.meaning === 'ksym' ? 'kernel' : field.meaning === 'usym' ? 'user' : null;
}

/** The record's arrays of addresses. */
export function addressArrays(record: RecordLayout): readonly Field[] {
  return record.fields.filter(field => field.storage === 'array' && stackSpace(field) !== null);
}
