/**
 * What pages must show of the recordings, worked out from what bpftool dumped and from the recorded bytes by code of its
 * own: offsets of C structs by hand, slots and percentiles by their definitions, names by a walk through kallsyms.
 */
import { readRecording, readTruth, recordingFile } from './recording';

/** Counts by lower bound in µs; empty slots left out. */
export type Counts = Readonly<Record<string, number>>;

/** bpfw.h: slot 0 holds 0, slot n holds 2^(n-1) to 2^n - 1. */
const lowerBound = (slot: number): number => (slot === 0 ? 0 : 2 ** (slot - 1));

interface LatencyEntry {
  readonly key: { readonly comm: string };
  readonly value: { readonly slots: readonly number[] };
}
interface TotalEntry {
  readonly key: { readonly comm: string };
  readonly value: { readonly reads: number; readonly bytes: number; readonly slowest: number };
}

interface SectionEntry {
  readonly value: { readonly '.bss': readonly Readonly<Record<string, number>>[] };
}
interface CallerEntry {
  readonly key: { readonly stack: readonly (string | number)[] };
  readonly value: { readonly calls: number };
}

/** A map's entries after a phase, as bpftool dumped them. */
function dumped<Entry>(name: string, phase: number, map: string): readonly Entry[] {
  return (readTruth(name).phases.at(phase)?.[map] ?? []) as readonly Entry[];
}

/** Of readlat: a command's counts after a phase, or (`from` given) what the phases from..to added. */
export function latencies(command: string, to: number, from = 0): Counts {
  const after = (phase: number): readonly number[] =>
    dumped<LatencyEntry>('readlat', phase, 'latency').find(({ key }) => key.comm === command)?.value.slots ??
    [];
  const before = from === 0 ? [] : after(from - 1);
  return Object.fromEntries(
    after(to).flatMap((count, slot) => {
      const added = count - (before[slot] ?? 0);
      return added > 0 ? [[String(lowerBound(slot)), added]] : [];
    }),
  );
}

export const sum = (counts: Counts): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Nearest rank; values lie evenly spread between a slot's bounds. In µs. */
export function percentileUs(counts: Counts, percent: number): number {
  const values = Object.entries(counts)
    .map(([min, count]) => ({ min: Number(min), count }))
    .sort((a, b) => a.min - b.min)
    .flatMap(({ min, count }) =>
      Array.from({ length: count }, (_, place) => min + ((min - 1) * (place + 0.5)) / count),
    );
  return values[Math.ceil((percent / 100) * values.length) - 1] ?? Number.NaN;
}

/** Three significant digits, scaled: 1.23 ms. */
export function duration(us: number): string {
  const [value, unit] = us < 1000 ? [us, 'µs'] : us < 1e6 ? [us / 1e3, 'ms'] : [us / 1e6, 's'];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

/** Of readlat: what a command read after a phase. */
export function totals(command: string, phase: number): TotalEntry['value'] {
  const found = dumped<TotalEntry>('readlat', phase, 'totals').find(({ key }) => key.comm === command);
  if (!found) throw new Error(`${command} read nothing`);
  return found.value;
}

/** Payloads of a ring's records in order: kernel/bpf/ringbuf.c puts u32 length and u32 page offset before each. */
export function ringRecords(name: string): Buffer[] {
  const records: Buffer[] = [];
  for (const frames of readRecording(recordingFile(name)).streams.events?.phases ?? []) {
    for (const { bytes } of frames) {
      const span = Buffer.from(bytes, 'base64');
      for (let at = 0; at < span.length; ) {
        const length = span.readUInt32LE(at) & 0x3fffffff;
        records.push(span.subarray(at + 8, at + 8 + length));
        at += 8 + ((length + 7) & ~7);
      }
    }
  }
  return records;
}

export interface DiskRequest {
  readonly ts: bigint;
  readonly disk: string;
  readonly operation: string;
  readonly sector: number;
  readonly bytes: number;
  readonly latencyNs: number;
  readonly pid: number;
  readonly comm: string;
}

/** struct event of bpf-templates/disksnoop. */
export function diskRequests(): DiskRequest[] {
  return ringRecords('disksnoop').map(record => ({
    ts: record.readBigUInt64LE(0),
    disk: `${record.readUInt32LE(8) >>> 20}:${record.readUInt32LE(8) & 0xfffff}`,
    operation: ['io_read', 'io_write'][record.readUInt32LE(12)] ?? 'other',
    sector: Number(record.readBigUInt64LE(16)),
    bytes: Number(record.readBigUInt64LE(24)),
    latencyNs: Number(record.readBigUInt64LE(32)),
    pid: record.readUInt32LE(44),
    comm: record.toString('latin1', 48, 64).replace(/\0.*$/s, ''),
  }));
}

/** Globals of a program's .bss after a phase. */
export function globals(name: string, phase: number): Readonly<Record<string, number>> {
  const [entry] = dumped<SectionEntry>(name, phase, '.bss');
  return Object.assign({}, ...(entry?.value['.bss'] ?? []));
}

/** Functions of a kernel stack as bpftool dumped it, innermost first: outer frames hold the address after the call. */
function namesOf(stack: readonly (string | number)[], kallsyms: string): string[] {
  const symbols = kallsyms
    .trim()
    .split('\n')
    .map(line => ({ address: BigInt(`0x${line.slice(0, 16)}`), name: line.slice(19).split('\t')[0] ?? '' }));
  return stack
    .map(BigInt)
    .filter(address => address !== 0n)
    .map((address, depth) => {
      const at = depth === 0 ? address : address - 1n;
      return symbols.filter(symbol => symbol.address <= at).at(-1)?.name ?? '';
    });
}

/** Of stacksnoop: each distinct stack with its calls, at the end. */
export function callStacks(): { readonly names: readonly string[]; readonly calls: number }[] {
  const { kallsyms } = readRecording(recordingFile('stacksnoop'));
  return dumped<CallerEntry>('stacksnoop', -1, 'callers').map(({ key, value }) => ({
    names: namesOf(key.stack, kallsyms),
    calls: value.calls,
  }));
}
