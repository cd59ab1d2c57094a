import { expect, it, vi } from 'vitest';
import { Symbolizer } from '../../../src/session/symbols/symbolizer';
import { TracerRequestError } from '../../../src/session/targets/tracer-connection';

const notAsked = () => Promise.reject(new Error('the tracer is not asked'));
const connection = {
  request: notAsked,
  takeBlob: () => {
    throw new Error('no blob');
  },
};
/** A kernel that does not tell of mappings. */
const session = {
  watchMappings: () =>
    Promise.reject(
      new TracerRequestError('process/watch', 'not-permitted', 'refused', { code: 'not-permitted' }, null),
    ),
};

it('looks at no process any more once it is disposed of, also when a look was under way', async () => {
  vi.useFakeTimers();
  try {
    let answer = (_maps: string): void => undefined;
    let looks = 0;
    const target = {
      processMaps: () => {
        looks++;
        return new Promise<string | null>(resolve => {
          answer = resolve;
        });
      },
    };
    const symbolizer = new Symbolizer(target, connection);
    await symbolizer.watchProcess(7, session);
    const maps = '00400000-00401000 r-xp 00000000 08:01 1 /bin/true\n';
    for (const look of [1, 2]) {
      await vi.runOnlyPendingTimersAsync();
      expect(looks).toBe(look);
      if (look === 2) symbolizer.dispose();
      answer(maps);
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
