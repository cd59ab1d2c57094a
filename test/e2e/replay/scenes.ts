/** The programs that are recorded: where their source is, what is said to them, and what they are given to see. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root, workFolder } from '../../kernel/bench/paths';
import { workloadPath } from '../../kernel/bench/workloads';

/** Where a shell script in the guest says `tracer`, the pid of the tracer that is recorded is in $TRACER. */
export interface Scene {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Scripts the guest runs as root: before the program is attached, and one per phase. */
  readonly prepare?: string;
  readonly phases: readonly string[];
  /** Maps to be dumped after each phase, and which entries only the workload changes; a section's globals are one entry. */
  readonly truths: Readonly<Record<string, (entry: string) => boolean>>;
}

/** Copies of w_read that go by these names: what a command waits for is what it is told. */
export const COMMANDS = ['ledger', 'indexer', 'backup', 'mailer', 'archiver'] as const;
const commands = path.join(workFolder, 'commands');
/** From this phase on `ledger` waits long for each of its reads. */
export const SLOW_FROM = 8;
export const PHASES = 14;
export const SHORTEST_US = 1000;

const reads = (slow: boolean): string =>
  [`ledger 8 ${slow ? 150 : 6}`, 'indexer 30 8', 'backup 10 30', 'mailer 15 15', 'archiver 5 40']
    .map(words => `${path.join(commands, words)} >/dev/null & `)
    .join('')
    .concat('wait');

const everything = (): boolean => true;

export const SCENES: readonly Scene[] = [
  {
    name: 'readlat',
    parameters: { min_us: String(SHORTEST_US) },
    phases: Array.from({ length: PHASES }, (_, phase) => reads(phase >= SLOW_FROM)),
    truths: {
      latency: entry => COMMANDS.some(command => entry.includes(`"${command}"`)),
      totals: entry => COMMANDS.some(command => entry.includes(`"${command}"`)),
    },
  },
  {
    name: 'disksnoop',
    parameters: {},
    prepare: 'modprobe null_blk queue_mode=2 irqmode=2 completion_nsec=2000000 bs=512 gb=1',
    phases: [
      'dd if=/dev/nullb0 of=/dev/null bs=4k count=7 iflag=direct status=none',
      'dd if=/dev/zero of=/dev/nullb0 bs=64k count=3 oflag=direct status=none',
      'dd if=/dev/nullb0 of=/dev/null bs=1k count=2 skip=100 iflag=direct status=none',
    ],
    truths: { '.bss': everything },
  },
  {
    name: 'trace_perf_output',
    // enum event_source: getpid_call.
    parameters: { target_source: '2' },
    // While the tracer stands still, the ring runs over.
    phases: [
      `${workloadPath('w_getpid')} 50`,
      `kill -STOP $TRACER; ${workloadPath('w_getpid')} 1000; kill -CONT $TRACER`,
      `${workloadPath('w_getpid')} 25`,
    ],
    truths: { '.bss': everything },
  },
  {
    name: 'stacksnoop',
    parameters: {},
    phases: [`${workloadPath('w_clone')} fork 5`, `${workloadPath('w_clone')} spawn 3`],
    truths: { callers: everything },
  },
];

/** Programs as they are recorded and replayed: templates but for the size of one ring, which is to run over soon. */
export async function sceneSource(name: string): Promise<string> {
  if (name === 'readlat') return readFile(path.join(__dirname, 'readlat.bpf.c'), 'utf8');
  const source = await readFile(path.join(root, 'bpf-templates', name, `${name}.bpf.c`), 'utf8');
  if (name !== 'trace_perf_output') return source;
  const small = source.replace('#define RING_BYTES (1024 * 1024)', '#define RING_BYTES (16 * 1024)');
  if (small === source) throw new Error(`${name} does not say how large its ring is`);
  return small;
}

/** Writes every scene's program to a folder. */
export async function writePrograms(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name } of SCENES) await writeFile(path.join(folder, `${name}.bpf.c`), await sceneSource(name));
}

/** Commands are told apart by their names: copies of one program, where the guest sees them. */
export async function makeCommands(): Promise<void> {
  await mkdir(commands, { recursive: true });
  for (const command of COMMANDS) await copyFile(workloadPath('w_read'), path.join(commands, command));
}
