/** Disk request sizes: null_blk completes exactly the requests dd makes (direct I/O, at most 64 KiB each). */
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { countBetween, histogramOf, trace } from '../bench/trace';

const READS = 'dd if=/dev/nullb0 of=/dev/null bs=4k count=1000 iflag=direct';
const SMALL = 'dd if=/dev/nullb0 of=/dev/null bs=512 count=50 iflag=direct';

beforeAll(async () => {
  const guest = await sharedGuest();
  await guest.sh('modprobe null_blk queue_mode=2 irqmode=0 bs=512 gb=1');
});

async function nullbDevice(): Promise<string> {
  const guest = await sharedGuest();
  return (await guest.sh('cat /sys/block/nullb0/dev')).trim();
}

describe('bitehist', () => {
  it('counts every request in its bucket, log2 and linear', async () => {
    const result = await trace({
      program: 'bitehist',
      parameters: { target_device: await nullbDevice(), target_operation: 'only_reads' },
      command: ['sh', '-c', `${READS} && ${SMALL}`],
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['tp_btf/block_rq_complete']);
    const sizes = histogramOf(result, 'sizes');
    expect(sizes).toMatchObject({ kind: 'log2', unit: 'KiB', key: null });
    expect(sizes.buckets).toEqual([
      { min: 1, max: 1, count: 50 },
      { min: 4, max: 7, count: 1000 },
    ]);
    const linear = histogramOf(result, 'sizes_linear');
    expect(linear).toMatchObject({ kind: 'linear', total: 1050 });
    expect(countBetween(linear, 4, 4)).toBe(1000);
  });

  it('counts the same through the classic tracepoint', async () => {
    const result = await trace({
      program: 'bitehist',
      parameters: { target_device: await nullbDevice(), target_operation: 'only_reads' },
      command: ['sh', '-c', READS],
      without: ['request_completed'],
    });
    expect(result.attached).toEqual(['tracepoint/block/block_rq_complete']);
    expect(histogramOf(result, 'sizes').buckets).toEqual([{ min: 4, max: 7, count: 1000 }]);
  });
});
