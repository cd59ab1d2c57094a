/** Disk requests whose latency is known: null_blk's timer completes each 10 ms after it was issued. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { percentile } from '../../../src/shared/decode/percentile';
import { sharedGuest } from '../bench/guest';
import { countBetween, histogramOf, trace } from '../bench/trace';

const LATENCY_NS = 10_000_000;
let device = '';

beforeAll(async () => {
  const guest = await sharedGuest();
  device = (
    await guest.sh(`
      rmmod null_blk 2>/dev/null || true
      modprobe null_blk queue_mode=2 irqmode=2 completion_nsec=${LATENCY_NS} bs=512 gb=1
      cat /sys/block/nullb0/dev`)
  ).trim();
});

afterAll(async () => {
  const guest = await sharedGuest();
  await guest.sh('rmmod null_blk');
});

const reads = (count: number) => `dd if=/dev/nullb0 of=/dev/null bs=4k count=${count} iflag=direct`;
const writes = (count: number) => `dd if=/dev/zero of=/dev/nullb0 bs=4k count=${count} oflag=direct`;

describe('disksnoop', () => {
  const READ = 0;
  const WRITE = 1;

  it('has an event for each request, with what it did and how long it took', async () => {
    const result = await trace({
      program: 'disksnoop',
      parameters: { target_device: device },
      command: ['sh', '-c', `${reads(100)} && ${writes(20)}`],
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['tp_btf/block_rq_issue', 'tp_btf/block_rq_complete']);
    const shown = result.events.map(({ op, sector, bytes, error }) => [
      op,
      Number(sector),
      Number(bytes),
      error,
    ]);
    const blocks = (count: number, op: number) =>
      Array.from({ length: count }, (_, block) => [op, block * 8, 4096, 0]);
    expect(shown.slice(0, 100)).toEqual(blocks(100, READ));
    // Whoever closes a disk that was open for writing makes the kernel read its partition table again.
    expect(shown.filter(([op]) => op !== READ)).toEqual(blocks(20, WRITE));
    for (const event of result.events) expect(Number(event.latency)).toBeGreaterThanOrEqual(LATENCY_NS);
    expect(result.events.filter(event => event.comm === 'dd').length).toBeGreaterThanOrEqual(100);
    expect(result.kernelDrops).toBe(0);
  });

  it('sees the same through the classic tracepoints', async () => {
    const result = await trace({
      program: 'disksnoop',
      parameters: { target_device: device, target_comm: 'dd' },
      command: ['sh', '-c', reads(20)],
      without: ['request_issued', 'request_issued_with_queue'],
    });
    expect(result.attached).toEqual([
      'tracepoint/block/block_rq_issue',
      'tracepoint/block/block_rq_complete',
    ]);
    const blocks = result.events.filter(event => Number(event.op) === READ && Number(event.bytes) === 4096);
    expect(blocks.map(event => Number(event.sector))).toEqual(
      Array.from({ length: 20 }, (_, block) => block * 8),
    );
    for (const event of blocks) expect(Number(event.latency)).toBeGreaterThanOrEqual(LATENCY_NS);
  });
});

describe('biolatpcts', () => {
  it('counts each request at three resolutions', async () => {
    const result = await trace({
      program: 'biolatpcts',
      parameters: { target_device: device, target_operation: 'only_reads' },
      command: ['sh', '-c', reads(120)],
    });
    expect(result.attached).toEqual(['tp_btf/block_rq_issue', 'tp_btf/block_rq_complete']);
    const fine = histogramOf(result, 'lat_10us');
    const middle = histogramOf(result, 'lat_1ms');
    const coarse = histogramOf(result, 'lat_100ms');
    for (const histogram of [fine, middle, coarse]) {
      expect(histogram.kind).toBe('percentiles');
      expect(histogram.total).toBe(120);
    }
    // All are slower than the finest array's range: they are in its last slot.
    expect(fine.buckets).toHaveLength(1);
    expect(countBetween(middle, 0, 9)).toBe(0);
    const median = percentile(middle.buckets, 50);
    expect(median).toBeGreaterThanOrEqual(10);
    expect(median).toBeLessThan(11);
    expect(percentile(middle.buckets, 99)).toBeLessThan(100);
  });
});
