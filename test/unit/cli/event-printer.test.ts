/** Stacks inside events: named, in the events' order, the same in JSON and in text. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EventPrinter } from '../../../src/cli/print/event-printer';
import { jsonOutput } from '../../../src/cli/print/run-json';
import type { RunOutput } from '../../../src/cli/print/run-output';
import { textOutput } from '../../../src/cli/print/run-text';
import type { Symbolizer } from '../../../src/session/symbols/symbolizer';
import type { SessionStream } from '../../../src/session/tracing/tracing-session';
import type { Field, MapDefinition } from '../../../src/shared/object/model';
import { DataContent, type DataFrame } from '../../../src/shared/protocol/frames';

const DEPTH = 4;
const field = (over: Partial<Field>): Field => ({
  name: '',
  label: over.name ?? '',
  offset: 0,
  size: 4,
  storage: 'u32',
  bitOffset: 0,
  bitSize: 0,
  count: 1,
  elementStorage: null,
  why: 'its type',
  elementSize: over.size ?? 4,
  meaning: 'plain',
  unit: '',
  valueNames: null,
  help: '',
  hidden: false,
  typeName: '',
  ...over,
});
const record = {
  typeName: 'event',
  size: 8 + 8 * DEPTH,
  fields: [
    field({ name: 'pid', meaning: 'pid' }),
    field({
      name: 'stack',
      offset: 8,
      size: 8 * DEPTH,
      storage: 'array',
      count: DEPTH,
      elementStorage: 'u64',
      elementSize: 8,
      meaning: 'ksym',
    }),
  ],
};
const stream: SessionStream = {
  streamId: 1,
  name: 'events',
  content: 'ring',
  map: { name: 'events', view: { kind: 'events', record } } as unknown as MapDefinition,
};

function frame(...events: { pid: number; stack: bigint[] }[]): DataFrame {
  const parts = events.map(({ pid, stack }) => {
    const bytes = Buffer.alloc(8 + record.size);
    bytes.writeUInt32LE(record.size, 0);
    bytes.writeUInt32LE(pid, 8);
    for (const [depth, address] of stack.entries()) bytes.writeBigUInt64LE(address, 16 + 8 * depth);
    return bytes;
  });
  return {
    sessionId: 1,
    streamId: 1,
    content: DataContent.ringSpan,
    records: parts.length,
    lost: 0,
    readAtNs: 0n,
    bytes: Buffer.concat(parts),
  };
}

/** Slower for the first stack than for the others. */
const symbolizer = {
  frames: async (space: string, pid: number, addresses: readonly { address: bigint }[]) => {
    if (pid === 1) await new Promise(resolve => setImmediate(resolve));
    return addresses.map(({ address }) => `${space}_${address.toString(16)}`);
  },
} as unknown as Symbolizer;

async function printed(output: RunOutput): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    text += String(part);
    return true;
  });
  const events = new EventPrinter(output, symbolizer);
  events.frame(stream, frame({ pid: 1, stack: [0xan, 0xbn] }, { pid: 2, stack: [0xcn] }));
  await events.end();
  return text;
}
afterEach(() => {
  vi.restoreAllMocks();
});

describe('events with stacks', () => {
  it('carry names in JSON', async () => {
    const lines = (await printed(jsonOutput())).trim().split('\n');
    expect(lines.map(line => JSON.parse(line).data)).toEqual([
      { pid: 1, stack: ['kernel_a', 'kernel_b'] },
      { pid: 2, stack: ['kernel_c'] },
    ]);
  });

  it('have them under their row in text', async () => {
    const lines = (await printed(textOutput(['events']))).trimEnd().split('\n');
    expect(lines.map(line => line.trimEnd())).toEqual([
      expect.stringMatching(/^\s*pid$/),
      expect.stringMatching(/^\s*1$/),
      '    kernel_a',
      '    kernel_b',
      expect.stringMatching(/^\s*2$/),
      '    kernel_c',
    ]);
  });

  it('are not printed when they come after the end, which waits for those before', async () => {
    const seen: unknown[] = [];
    const output = { event: (...args: unknown[]) => seen.push(args[2]) } as unknown as RunOutput;
    const events = new EventPrinter(output, symbolizer);
    events.frame(stream, frame({ pid: 1, stack: [0xan] }));
    const ended = events.end();
    events.frame(stream, frame({ pid: 2, stack: [0xan] }));
    await ended;
    events.frame(stream, frame({ pid: 3, stack: [] }));
    await new Promise(resolve => setImmediate(resolve));
    expect(seen).toEqual([expect.objectContaining({ pid: 1 })]);
  });

  it('are printed as addresses when naming fails, which is reported at the end', async () => {
    const failing = { frames: () => Promise.reject(new Error('no kallsyms')) } as unknown as Symbolizer;
    const seen: unknown[] = [];
    const output = { event: (...args: unknown[]) => seen.push(args[2]) } as unknown as RunOutput;
    const events = new EventPrinter(output, failing);
    events.frame(stream, frame({ pid: 1, stack: [0xan] }));
    await expect(events.end()).rejects.toThrow('no kallsyms');
    expect(seen).toHaveLength(1);
  });

  it('wait for names in a bounded queue; what does not fit is counted', async () => {
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const slow = { frames: () => held.then(() => ['name']) } as unknown as Symbolizer;
    let seen = 0;
    const events = new EventPrinter({ event: () => seen++ } as unknown as RunOutput, slow);
    const thousand = frame(...Array.from({ length: 1000 }, (_, pid) => ({ pid, stack: [0xan] })));
    for (let sent = 0; sent < 70; sent++) events.frame(stream, thousand);
    expect(events.lost).toBe(70_000 - 65_536);
    release();
    await events.end();
    expect(seen).toBe(65_536);
  });
});
