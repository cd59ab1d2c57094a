/** The groups that need a kernel: builds the peers, boots one guest, runs all of them in it, and compares. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findClang } from '../../src/compile/clang';
import { bootGuest, type TestGuest } from '../kernel/bench/guest';
import { EmulatedCpu } from './emulated-cpu';
import { type Measured, median, percentile, type Row, row } from './measure';
import { root, workFolder } from './paths';
import { compileTemplate } from './template-object';

const folder = path.join(workFolder, 'guest');
const peers = path.join(root, 'test/bench/peers');
/** What V8's own heap may breathe; a leak of one byte an event would be over 10 MB. */
const FLAT_MB = 2;
/** Longer than anything is measured, and than the runner waits for anything itself. */
const STANDSTILL_MS = 200_000;

/** Of C's, with the page; the goal of a quiet machine is in docs/performance.md. */
const SATURATION = 2;

interface StreamSample {
  readonly kind: 'stream';
  readonly consumer: 'C' | 'host' | 'page' | `${'bpfw' | 'bpftrace'} ${'text' | 'json'}`;
  readonly load: 'saturation' | '20,000/s' | 'printed' | '20/s' | 'half of C' | 'saturation for long';
  readonly received: number;
  readonly dropped: number;
  readonly produced: number;
  readonly delaysMs?: readonly number[];
  readonly seconds: number;
  /** By the guest's scheduler, which counts the time that this machine ran something else. */
  readonly cpuNsPerEvent: number;
  readonly tracerNsPerEvent?: number;
  /** Of the guest's CPU 0, by this machine's scheduler. */
  readonly cpuNs: number;
  readonly residentGrowthMb: number;
}
interface StartSample {
  readonly kind: 'start';
  readonly probes: 'kprobe' | 'fentry';
  readonly consumer: 'bpftrace' | 'bpfw' | 'cold' | 'warm';
  readonly ms: number;
  readonly residentMb?: number;
}
interface MapsSample {
  readonly kind: 'maps';
  readonly consumer: 'C' | 'hash' | 'mapped';
  readonly snapshots: number;
  readonly entries: number;
  readonly sum: number;
  readonly cpuNsPerSnapshot: number;
  readonly tracerNsPerSnapshot?: number;
}
type Sample = StreamSample | StartSample | MapsSample;
/** `begin`, `end`: around what a sample that follows measures; `cpu0`: around work of CPU 0 alone. */
type Said = Sample | { readonly kind: 'begin' } | { readonly kind: 'end' } | { readonly kind: 'cpu0' };

/**
 * Consumer and producer want a thread each, also of a QEMU that emulates its CPUs. Placing probes again and again, as the
 * start group does, locks an old one up (src/session/vm/emulated-cpus.ts): there it runs as it does for everybody.
 */
export async function benchGuest(
  groups: readonly string[],
  runs: number,
  add: (row: Row) => void,
): Promise<void> {
  const template = await buildPeers();
  const failures: unknown[] = [];
  // A boot is dear: one for all groups that may share it, and what fails does not keep the others from being measured.
  for (const emulatedThreads of ['multi', undefined] as const) {
    const own = groups.filter(group => (group === 'start') === (emulatedThreads === undefined));
    if (own.length === 0) continue;
    const guest = await bootGuest(emulatedThreads ? { emulatedThreads } : {});
    try {
      for (const group of own) {
        await runInGuest(guest, group, runs, template).then(
          samples => {
            writeFileSync(path.join(workFolder, `${group}-samples.json`), JSON.stringify(samples, null, 1));
            for (const measured of compare(group, samples)) add(row(group, measured));
          },
          error => failures.push(error),
        );
      }
    } finally {
      await guest.dispose();
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'));
}

/** C programs as one would build them by hand; gives the object that the start group attaches. */
async function buildPeers(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const clang = await findClang();
  const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  const include = ['-I', path.join(root, 'bpf-templates/include'), '-I', `/usr/include/${multiarch}`];
  for (const program of ['burst', 'slots']) {
    const object = path.join(folder, `${program}.bpf.o`);
    const source = path.join(peers, `${program}.bpf.c`);
    execFileSync(clang.path, ['-g', '-O2', '--target=bpf', ...include, '-c', source, '-o', object]);
    const skeleton = execFileSync('bpftool', ['gen', 'skeleton', object, 'name', `${program}_bpf`]);
    writeFileSync(path.join(folder, `${program}.skel.h`), skeleton);
  }
  for (const program of ['producer', 'reader', 'ring_consumer', 'map_reader']) {
    const args = ['-O2', '-Wall', '-I', folder, path.join(peers, `${program}.c`), '-lbpf'];
    execFileSync('gcc', [...args, '-o', path.join(folder, program)], { stdio: 'inherit' });
  }
  return compileTemplate('vfsreadlat', folder);
}

async function runInGuest(guest: TestGuest, group: string, runs: number, template: string) {
  // Of the streams, CPU 0 is the consumers' alone.
  const place = group === 'stream' ? ['taskset', '-c', '1'] : [];
  const argv = [...place, process.execPath, path.join(folder, 'runner.js'), group, String(runs), folder];
  const started = await guest.spawn([...argv, path.join(workFolder, 'dist'), template]);
  started.stdin.end();
  const samples: Sample[] = [];
  const cpu = new EmulatedCpu();
  let timer: NodeJS.Timeout | undefined;
  const standstill = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      started.kill('SIGKILL', { group: true }).catch(() => undefined);
      reject(new Error(`${group}: the guest said nothing for ${STANDSTILL_MS / 1000} s`));
    }, STANDSTILL_MS);
  });
  createInterface({ input: started.stdout }).on('line', line => {
    timer?.refresh();
    const said = JSON.parse(line) as Said;
    if (said.kind === 'begin' || said.kind === 'end') cpu.mark(said.kind);
    else if (said.kind === 'cpu0') cpu.choose();
    else {
      console.log(`${group}: ${line}`);
      samples.push(said.kind === 'stream' ? { ...said, cpuNs: cpu.elapsedNs } : said);
    }
  });
  started.stderr.on('data', (text: Buffer) => process.stderr.write(text));
  try {
    const { code, signal } = await Promise.race([started.exited, standstill]);
    if (code !== 0) throw new Error(`${group} ended with ${code ?? signal}`);
    return samples;
  } finally {
    clearTimeout(timer);
  }
}

function compare(group: string, samples: readonly Sample[]): Measured[] {
  if (group === 'stream') return compareStreams(samples.filter(sample => sample.kind === 'stream'));
  if (group === 'start') return compareStarts(samples.filter(sample => sample.kind === 'start'));
  return compareMaps(samples.filter(sample => sample.kind === 'maps'));
}

function compareStreams(samples: readonly StreamSample[]): Measured[] {
  const of = (consumer: StreamSample['consumer'], load: StreamSample['load']) =>
    samples.filter(sample => sample.consumer === consumer && sample.load === load);
  const cpu = (runs: readonly StreamSample[]) => runs.map(run => run.cpuNs / run.received / 1000);
  const rate = (runs: readonly StreamSample[]) => runs.map(run => run.received / run.seconds);
  const offered = (runs: readonly StreamSample[]) => runs.map(run => run.produced / run.seconds);
  const flat = of('page', 'saturation');
  const host = of('host', 'saturation');
  const paced = of('page', '20,000/s');
  const slow = of('page', '20/s');
  const long = of('page', 'half of C');
  const longFlat = of('page', 'saturation for long');
  const cFlat = { name: 'C, libbpf', values: cpu(of('C', 'saturation')) };
  const unaccounted = (runs: readonly StreamSample[]) => [
    Math.max(...runs.map(run => Math.abs(run.produced - run.received - run.dropped))),
  ];
  const printed = (format: 'text' | 'json', limit: number): Measured => ({
    name: `bpfw run${format === 'json' ? ' --json' : ''}, CPU per event`,
    unit: 'µs',
    ours: cpu(of(`bpfw ${format}`, 'printed')),
    peer: {
      name: format === 'json' ? 'bpftrace -f json' : 'bpftrace printf',
      values: cpu(of(`bpftrace ${format}`, 'printed')),
    },
    limit,
  });
  return [
    { name: 'CPU per event at saturation', unit: 'µs', ours: cpu(flat), peer: cFlat, limit: SATURATION },
    { name: 'of that, without the page', unit: 'µs', ours: cpu(host), peer: cFlat },
    {
      name: 'of that, the tracer',
      unit: 'µs',
      ours: host.map(
        run => (run.cpuNs / run.received / 1000) * ((run.tracerNsPerEvent ?? 0) / run.cpuNsPerEvent),
      ),
      peer: cFlat,
    },
    {
      name: 'CPU per event at 20,000 events/s',
      unit: 'µs',
      ours: cpu(paced),
      peer: { name: 'C, libbpf', values: cpu(of('C', '20,000/s')) },
      limit: 2,
    },
    printed('text', 1),
    printed('json', 0.1),
    {
      name: 'events received at saturation',
      unit: '1/s',
      ours: rate(flat),
      peer: { name: 'C, libbpf', values: rate(of('C', 'saturation')) },
    },
    {
      name: 'events lost at saturation, not counted',
      unit: 'events',
      ours: unaccounted([...flat, ...longFlat]),
      limit: 0,
    },
    {
      name: `events lost in ${Math.round(median(long.map(run => run.seconds)))} s at ${Math.round(median(offered(long)) / 1000)},000/s (half of C)`,
      unit: 'events',
      ours: long.map(run => run.produced - run.received),
      limit: 0,
    },
    {
      name: 'from the program to the client at 20 events/s, p95',
      unit: 'ms',
      ours: slow.map(run => percentile(run.delaysMs ?? [], 0.95)),
      limit: 50,
    },
    {
      name: "tracer's memory, growth in 25 s of saturation",
      unit: 'MB',
      ours: longFlat.map(run => run.residentGrowthMb),
      limit: FLAT_MB,
    },
  ];
}

function compareStarts(samples: readonly StartSample[]): Measured[] {
  const of = (probes: StartSample['probes'], consumer: StartSample['consumer']) =>
    samples.filter(sample => sample.probes === probes && sample.consumer === consumer);
  return (['kprobe', 'fentry'] as const).flatMap((probes): Measured[] => {
    const ms = (consumer: StartSample['consumer']) => of(probes, consumer).map(sample => sample.ms);
    const resident = (consumer: StartSample['consumer']) =>
      of(probes, consumer).map(sample => sample.residentMb ?? 0);
    const peer = { name: `bpftrace, ${probes === 'kprobe' ? 'kprobe' : 'kfunc'}`, values: ms('bpftrace') };
    return [
      { name: `first value, ${probes}, tracer warm`, unit: 'ms', ours: ms('warm'), peer, limit: 0.08 },
      { name: `first value, ${probes}, cold`, unit: 'ms', ours: ms('cold'), peer, limit: 0.65 },
      ...(probes === 'fentry'
        ? [{ name: 'first value of bpfw run, from the shell', unit: 'ms', ours: ms('bpfw'), peer }]
        : []),
      {
        name: `tracer's memory after attach, ${probes}`,
        unit: 'MB',
        ours: resident('cold'),
        peer: { ...peer, values: resident('bpftrace') },
        limit: 0.5,
      },
    ];
  });
}

function compareMaps(samples: readonly MapsSample[]): Measured[] {
  const of = (consumer: MapsSample['consumer']) => samples.filter(sample => sample.consumer === consumer);
  const ms = (consumer: MapsSample['consumer']) => of(consumer).map(run => run.cpuNsPerSnapshot / 1e6);
  const tracerMs = (consumer: MapsSample['consumer']) =>
    of(consumer).map(run => (run.tracerNsPerSnapshot ?? 0) / 1e6);
  const sums = new Set(samples.map(({ sum, entries }) => `${entries} entries, sum ${sum}`));
  if (sums.size !== 1) throw new Error(`the consumers did not read the same: ${[...sums].join('; ')}`);
  const peer = { name: 'C, batches', values: ms('C') };
  const kinds = [
    { consumer: 'hash', name: 'hash of 10,000 x 27', limit: 1.5 },
    { consumer: 'mapped', name: 'mmapable array of 10,000 x 27', limit: 0.3 },
  ] as const;
  return kinds.flatMap(({ consumer, name, limit }): Measured[] => [
    { name: `${name}, CPU a snapshot`, unit: 'ms', ours: ms(consumer), peer, limit },
    { name: 'of that, the tracer', unit: 'ms', ours: tracerMs(consumer), peer },
  ]);
}
