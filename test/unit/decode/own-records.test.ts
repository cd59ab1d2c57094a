/** Events of the processes that trace are left out, where the record tells whose they are. */
import { describe, expect, it } from 'vitest';
import { actorField, withoutProcesses } from '../../../src/shared/decode/own-records';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { plainField, ringSpanOf } from '../plain-field';

const pid = plainField('pid', { storage: 'u32', size: 4, meaning: 'pid' });
const layout = (...fields: ReturnType<typeof plainField>[]) => ({ typeName: '', size: 8, fields });

describe('records of processes that trace', () => {
  it('are not in the index any more; the others are as they were', () => {
    const span = ringSpanOf([7, 100, 7, 200]);
    const view = new DataView(span.buffer);
    const index = indexRingSpan(span);
    const kept = withoutProcesses(index, view, pid, new Set([7]));
    expect(
      Array.from({ length: kept.count }, (_, at) => view.getUint32(kept.offsets[at] ?? 0, true)),
    ).toEqual([100, 200]);
    expect(withoutProcesses(index, view, pid, new Set([8]))).toBe(index);
  });

  it('are told by their pid or tgid, not by a parent or a target', () => {
    const named = (name: string) => plainField(name, { storage: 'u32', size: 4, meaning: 'pid' });
    expect(actorField(layout(named('ppid'), pid))).toBe(pid);
    expect(actorField(layout(named('ppid')))).toBeNull();
    expect(actorField(layout(named('tgid'), pid))).toBeNull();
    expect(actorField(layout(plainField('count')))).toBeNull();
  });
});
