/** Records of the processes that trace: bpfw itself, the tracer, and what starts and continues a command. */
import type { Field, RecordLayout } from '../object/model';
import { decodeField } from './field';
import type { RecordIndex } from './ring-span';

/** The record's field with the process that caused it, by its name; null if there is none, or if it is not clear. */
export function actorField({ fields }: RecordLayout): Field | null {
  const [field, ...others] = fields.filter(
    ({ name, meaning, storage }) =>
      /^(pid|tgid)$/.test(name) && meaning === 'pid' && /^[iu](32|64)$/.test(storage),
  );
  return field && others.length === 0 ? field : null;
}

/** The records of an index without those that one of the processes caused. */
export function withoutProcesses(
  index: RecordIndex,
  view: DataView,
  field: Field,
  pids: ReadonlySet<number>,
): RecordIndex {
  const kept: number[] = [];
  for (let record = 0; record < index.count; record++) {
    const offset = index.offsets[record] ?? 0;
    const pid = decodeField(view, offset, field, offset + (index.lengths[record] ?? 0));
    if (typeof pid !== 'number' || !pids.has(pid)) kept.push(record);
  }
  if (kept.length === index.count) return index;
  return {
    count: kept.length,
    offsets: Uint32Array.from(kept, record => index.offsets[record] ?? 0),
    lengths: Uint32Array.from(kept, record => index.lengths[record] ?? 0),
  };
}
