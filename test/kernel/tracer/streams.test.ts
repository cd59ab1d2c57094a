import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { TracerResults } from '../../../src/shared/protocol/tracer';
import { sharedGuest, type TestGuest } from '../bench/guest';
import {
  bssOffset,
  compileProgram,
  constantU32,
  type GuestTracer,
  objectPath,
  startGuestTracer,
  stoppedWorkload,
} from './guest-tracer';

const PROGRAMS = ['to_ring', 'to_perf', 'to_maps', 'to_printk'] as const;
type ProgramName = (typeof PROGRAMS)[number];

let guest: TestGuest;
let object: Uint8Array;
beforeAll(async () => {
  object = compileProgram('events');
  guest = await sharedGuest();
});

async function openFor(
  tracer: GuestTracer,
  program: ProgramName,
  pid: number,
): Promise<TracerResults['session/open']> {
  return tracer.client.open(object, {
    programs: PROGRAMS.map(name => ({ name, load: name === program, attach: { kind: 'auto' as const } })),
    constants: [constantU32(objectPath('events'), 'target_pid', pid)],
  });
}

/** Sequence numbers of the records of a ring span, and how many records there were. */
function ringSequences(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sequences: number[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const header = view.getUint32(at, true);
    expect(header >>> 30).toBe(0);
    sequences.push(Number(view.getBigUint64(at + 8, true)));
    at += ((header & 0x3fffffff) + 8 + 7) & ~7;
  }
  return sequences;
}

async function global(tracer: GuestTracer, sessionId: number, name: string): Promise<number> {
  const { values } = await tracer.client.readMap(sessionId, '.bss');
  return Number(values.readBigUInt64LE(bssOffset('events', name)));
}

describe.each([
  { mode: 'viewed', args: [] },
  { mode: 'copied', args: ['--copy'] },
])('a ring buffer, $mode', ({ args }) => {
  let tracer: GuestTracer;
  beforeAll(async () => {
    tracer = await startGuestTracer(guest, { args });
  });
  afterAll(async () => {
    await tracer?.[Symbol.asyncDispose]();
  });

  it('delivers every record once and in order, and the program counted the rest', async () => {
    const events = 20_000;
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, events);
    const { sessionId } = await openFor(tracer, 'to_ring', workload.pid);
    const { streamId, content } = await client.request('stream/watch', { sessionId, map: 'ring' });
    expect(content).toBe('ring');
    await client.request('session/attach', { sessionId });
    await workload.run();
    await client.request('session/drain', { sessionId });
    const sequences = ringSequences(client.bytesOf(streamId));
    expect(sequences).toEqual(sequences.map((_, index) => index));
    expect(client.recordsOf(streamId)).toBe(sequences.length);
    const dropped = await global(tracer, sessionId, 'ring_dropped');
    expect(sequences.length + dropped).toBe(events);
    expect(sequences.length).toBeGreaterThan(events / 10);
    await client.request('session/close', { sessionId });
  });

  it('delivers within half a second while little happens', async () => {
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, 3);
    const { sessionId } = await openFor(tracer, 'to_ring', workload.pid);
    const { streamId } = await client.request('stream/watch', { sessionId, map: 'ring' });
    await client.request('session/attach', { sessionId });
    await expect.poll(() => ringSequences(client.bytesOf(streamId)).length).toBe(0);
    await workload.run();
    await expect
      .poll(() => ringSequences(client.bytesOf(streamId)), { timeout: deadlineMs(5000) })
      .toEqual([0, 1, 2]);
    await client.request('session/close', { sessionId });
  });
});

describe('a perf buffer', () => {
  it('delivers every record, or reports how many were lost', async () => {
    const events = 20_000;
    const tracer = await startGuestTracer(guest);
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, events);
    const { sessionId } = await openFor(tracer, 'to_perf', workload.pid);
    const { streamId, content } = await client.request('stream/watch', { sessionId, map: 'perf' });
    expect(content).toBe('perf');
    await client.request('session/attach', { sessionId });
    await workload.run();
    await client.request('session/drain', { sessionId });
    const bytes = client.bytesOf(streamId);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sequences = new Set<number>();
    let records = 0;
    for (let at = 0; at < bytes.byteLength; ) {
      expect(view.getUint32(at, true)).toBeLessThan(64);
      const size = view.getUint32(at + 4, true);
      sequences.add(Number(view.getBigUint64(at + 8, true)));
      at += 8 + ((size + 7) & ~7);
      records++;
    }
    expect(sequences.size).toBe(records);
    expect(client.recordsOf(streamId)).toBe(records);
    const failed = await global(tracer, sessionId, 'perf_failed');
    expect(records + failed).toBe(events);
    const lost = client.frames
      .filter(frame => frame.streamId === streamId)
      .reduce((sum, frame) => sum + frame.lost, 0);
    expect(lost).toBeLessThanOrEqual(failed);
    await client.request('session/close', { sessionId });
    await tracer[Symbol.asyncDispose]();
  });
});

describe('maps', () => {
  it('are read whole: in batches, from mapped memory, per CPU, key by key', async () => {
    const tracer = await startGuestTracer(guest);
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, 10_000);
    const opened = await openFor(tracer, 'to_maps', workload.pid);
    const { sessionId, possibleCpus } = opened;
    await client.request('session/attach', { sessionId });
    await workload.run();

    const read = async (map: string, maxEntries = 0) => {
      const content = await client.readMap(sessionId, map, maxEntries);
      expect(new Set(content.frames.map(frame => frame.readAtNs)).size).toBe(1);
      return content;
    };

    const hash = await read('hash');
    expect(hash).toMatchObject({ entries: 10_000, truncated: false });
    const seen = new Set<number>();
    for (let i = 0; i < hash.entries; i++) {
      const key = hash.keys.readUInt32LE(i * 4);
      seen.add(key);
      expect(hash.values.readUInt32LE(i * 108)).toBe(key);
      expect(hash.values.readUInt32LE(i * 108 + 104)).toBe(key * 3);
    }
    expect(seen.size).toBe(10_000);
    expect(await read('hash')).toMatchObject({ entries: 10_000, truncated: false, told: 0 });
    expect(await read('hash', 100)).toMatchObject({ entries: 100, truncated: true, told: 0 });
    const again = await read('hash', 10_000);
    expect(again).toMatchObject({ entries: 10_000, truncated: false, told: 9_900 });
    expect(again.keys.equals(hash.keys)).toBe(true);
    expect(again.values.equals(hash.values)).toBe(true);

    const percpu = await read('percpu');
    expect(percpu.entries).toBe(10_000);
    for (let i = 0; i < percpu.entries; i++) {
      const slots = Array.from({ length: possibleCpus }, (_, cpu) =>
        percpu.values.readUInt32LE((i * possibleCpus + cpu) * 8),
      );
      expect(Math.max(...slots)).toBe(Number(percpu.keys.readBigUInt64LE(i * 8)));
    }

    const mapped = await read('mapped');
    expect(mapped.entries).toBe(10_000);
    for (let i = 0; i < mapped.entries; i++) {
      expect(mapped.keys.readUInt32LE(i * 4)).toBe(i);
      expect(mapped.values.readUInt32LE(i * 4)).toBe(i + 1);
    }
    expect(await read('mapped')).toMatchObject({ entries: 10_000, told: 0 });

    expect(await read('trie')).toMatchObject({ entries: 50 });
    const stacks = await read('stacks');
    expect(stacks.entries).toBe(1);
    expect(stacks.values.byteLength).toBe(127 * 8);
    expect(stacks.values.readBigUInt64LE(0) > 0n).toBe(true);

    expect(await client.failure('map/read', { sessionId, map: 'ring', maxEntries: 0 })).toMatchObject({
      code: 'bad-request',
    });
    expect(await client.failure('map/read', { sessionId, map: 'nothing', maxEntries: 0 })).toMatchObject({
      code: 'unknown-map',
    });

    await client.request('session/close', { sessionId });
    await tracer[Symbol.asyncDispose]();
  });
});

describe('the trace pipe', () => {
  it('passes on the lines of BPF programs, as they come', async () => {
    const tracer = await startGuestTracer(guest);
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, 100);
    const { sessionId } = await openFor(tracer, 'to_printk', workload.pid);
    await guest.sh('echo not ours >/sys/kernel/tracing/trace_marker');
    const { streamId } = await client.request('printk/watch', {});
    await guest.sh('echo not ours either >/sys/kernel/tracing/trace_marker');
    await client.request('session/attach', { sessionId });
    await workload.run();
    await client.request('printk/unwatch', {});
    const text = Buffer.from(client.bytesOf(streamId)).toString();
    const numbers = [...text.matchAll(/: bpf_trace_printk: bpfw (\d+)$/gm)].map(match => Number(match[1]));
    expect(client.recordsOf(streamId)).toBe(numbers.length);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(text).not.toContain('not ours');
    await client.request('session/close', { sessionId });
    await tracer[Symbol.asyncDispose]();
  });

  it('ends though a program goes on printing', async () => {
    const tracer = await startGuestTracer(guest);
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, 100_000_000);
    const { sessionId } = await openFor(tracer, 'to_printk', workload.pid);
    const { streamId } = await client.request('printk/watch', {});
    await client.request('session/attach', { sessionId });
    const running = workload.run(110_000);
    await expect
      .poll(() => client.bytesOf(streamId).byteLength, { timeout: deadlineMs(20_000) })
      .toBeGreaterThan(0);
    await client.request('session/drain', { sessionId });
    await client.request('printk/unwatch', {});
    await client.request('session/close', { sessionId });
    // All this time lines came.
    await guest.sh(`kill -KILL ${workload.pid}`);
    expect(await running).toMatchObject({ signal: 'SIGKILL' });
    await tracer[Symbol.asyncDispose]();
  });
});

describe('a client that does not read', () => {
  it('costs bounded memory; what it missed was counted by the program', async () => {
    const events = 300_000;
    const tracer = await startGuestTracer(guest);
    const { client, socket } = tracer;
    const workload = await stoppedWorkload(guest, events);
    const { sessionId } = await openFor(tracer, 'to_ring', workload.pid);
    const { streamId } = await client.request('stream/watch', { sessionId, map: 'ring' });
    await client.request('session/attach', { sessionId });
    const resident = async () =>
      Number(/VmRSS:\s+(\d+)/.exec(await guest.sh(`cat /proc/${tracer.process.pid}/status`))?.[1]) / 1024;
    const before = await resident();
    socket.pause();
    await workload.run(120_000);
    const after = await resident();
    expect(after - before).toBeLessThan(24);
    socket.resume();
    await client.request('session/drain', { sessionId });
    const received = ringSequences(client.bytesOf(streamId)).length;
    const dropped = await global(tracer, sessionId, 'ring_dropped');
    expect(received + dropped).toBe(events);
    expect(client.recordsOf(streamId)).toBe(received);
    expect(dropped).toBeGreaterThan(0);
    await client.request('session/close', { sessionId });
    await tracer[Symbol.asyncDispose]();
  });
});
