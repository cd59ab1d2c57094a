/** Global variables: each row has its own type, so the table formats per row. */
import type { FieldValue } from '../../src/shared/decode/model';
import type { Field, RecordLayout } from '../../src/shared/object/model';
import type { GlobalValue } from '../../src/shared/protocol/webview';
import { type Column, LiveTable, type TableRow, untypedField } from './live-table';

const NAME: Field = untypedField('name', '');
const VALUE: Field = untypedField('value', 0);

/** A LiveTable over variables; `shown` uses the variable's own field. */
export class GlobalsTable extends LiveTable {
  private readonly fields = new Map<string, Field>();

  /** Adds a reading of all variables. */
  updateGlobals(globals: readonly GlobalValue[], atMs: number): void {
    const all = globalEntries(globals);
    for (const { name, field } of all) this.fields.set(name, field);
    const entries = all.map(({ name, value }) => ({
      id: name,
      key: { name },
      value: { value },
    }));
    this.update(
      entries,
      { typeName: '', size: 0, fields: [{ ...NAME, label: 'Variable' }] },
      { typeName: '', size: 0, fields: [{ ...VALUE, label: 'Value' }] },
      atMs,
    );
  }

  override shown(row: TableRow, column: Column): string {
    const [own] = this.valueLayout(row).fields;
    return super.shown(row, own && column.kind !== 'key' ? { ...column, field: own } : column);
  }

  protected override valueLayout(row: TableRow): Pick<RecordLayout, 'fields'> {
    const own = this.fields.get(String(row.key.name));
    return { fields: own ? [{ ...own, name: 'value' }] : [] };
  }
}

/** Global variables as entries of one table: a row per variable, or per field of a struct. */
function globalEntries(
  globals: readonly GlobalValue[],
): { readonly name: string; readonly field: Field; readonly value: FieldValue }[] {
  return globals.flatMap(({ name, layout, value }) =>
    layout.fields
      .filter(field => !field.hidden)
      .map(field => ({
        name: field.name === 'value' && layout.fields.length === 1 ? name : `${name}.${field.name}`,
        field,
        value: value[field.name] ?? '',
      })),
  );
}
