/** Converts the entries of a stack table to the samples the Stacks page draws: counts and sums. No `vscode`. */
import type { StackEntry } from '../../session/symbols/read-stacks';
import { jsonRecord } from '../../shared/decode/json-value';
import { isQuantity } from '../../shared/decode/meaning-class';
import type { FieldValue } from '../../shared/decode/model';
import type { Field } from '../../shared/object/model';
import { type StackTable, stackSpace } from '../../shared/object/stack-tables';
import type { StackSample, ToWebview } from '../../shared/protocol/webview';

export type StackTableContent = Pick<
  Extract<ToWebview, { type: 'stacks' }>,
  'map' | 'label' | 'unit' | 'stacks'
>;

/**
 * The first number without a unit is the count, the first with a unit is what the program measured. In a table that
 * only measures, counts are 0; without any numbers, each stack counts once.
 */
export function stackSamples(table: StackTable, entries: readonly StackEntry[]): StackTableContent {
  const layouts = table.map.view.kind === 'table' ? table.map.view : null;
  const numbers = layouts?.value.fields.filter(isNumber) ?? [];
  const counted = numbers.find(field => field.unit === '' && isQuantity(field));
  const measured = numbers.find(field => field.unit !== '');
  const stacks = entries.map(
    ({ frames, key, value }): StackSample => ({
      frames,
      key: jsonRecord(key, layouts?.key ?? null),
      count: counted ? toNumber(value[counted.name]) : measured ? 0 : 1,
      value: measured ? toNumber(value[measured.name]) : null,
    }),
  );
  return { map: table.map.name, label: table.map.label, unit: measured?.unit ?? '', stacks };
}

function isNumber(field: Field): boolean {
  return !field.hidden && /^[ui](8|16|32|64)$/.test(field.storage) && stackSpace(field) === null;
}

function toNumber(value: FieldValue | undefined): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}
