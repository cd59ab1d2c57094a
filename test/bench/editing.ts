/**
 * The language server as editors run it (over stdio), on a program of 1,000 lines, with the types of a whole distribution
 * kernel; and clangd on the same file with the vmlinux.h of the same kernel, as BPF: Configure clangd sets it up.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findClang } from '../../src/compile/clang';
import { compileFlags, findLibbpfHeaders } from '../../src/compile/flags';
import { btfSource, ensureVmlinuxHeader } from '../../src/compile/vmlinux-cache';
import { parseBtf } from '../../src/shared/btf/btf';
import { defaultCacheFolder } from '../../src/system/cache-files';
import { ServerUnderTest } from '../golden/server/client';
import { kernelBtf } from './kernel-btf';
import { percentile, type Row, row } from './measure';
import { root, workFolder } from './paths';

const LINES = 1000;

/** A valid program of exactly LINES lines: the same few things over and over, by other names. */
function longProgram(): string[] {
  const lines = [
    '#include "vmlinux.h"',
    '#include <bpf/bpf_helpers.h>',
    '#include <bpf/bpf_core_read.h>',
    '#include <bpf/bpf_tracing.h>',
    '',
    'char LICENSE[] SEC("license") = "GPL";',
    '',
  ];
  const functions = ['vfs_read', 'vfs_write', 'vfs_open', 'vfs_fsync', 'vfs_unlink'];
  for (let part = 0; lines.length + 42 < LINES; part++) {
    const target = functions[part % functions.length];
    lines.push(
      `struct event_${part} {`,
      '\t__u64 ts;',
      '\t__u32 pid;',
      '\t__u32 size;',
      '\tchar comm[16];',
      '};',
      '',
      'struct {',
      '\t__uint(type, BPF_MAP_TYPE_RINGBUF);',
      '\t__uint(max_entries, 256 * 1024);',
      `} events_${part} SEC(".maps");`,
      '',
      'struct {',
      '\t__uint(type, BPF_MAP_TYPE_HASH);',
      '\t__uint(max_entries, 1024);',
      '\t__type(key, __u32);',
      '\t__type(value, __u64);',
      `} counts_${part} SEC(".maps");`,
      '',
      `SEC("kprobe/${target}")`,
      `int BPF_KPROBE(probe_${part}, struct file *file)`,
      '{',
      '\t__u32 pid = bpf_get_current_pid_tgid() >> 32;',
      `\t__u64 *count = bpf_map_lookup_elem(&counts_${part}, &pid);`,
      `\tstruct event_${part} *event;`,
      '',
      '\tif (count)',
      '\t\t__sync_fetch_and_add(count, 1);',
      `\tevent = bpf_ringbuf_reserve(&events_${part}, sizeof(*event), 0);`,
      '\tif (!event)',
      '\t\treturn 0;',
      '\tevent->ts = bpf_ktime_get_ns();',
      '\tevent->pid = pid;',
      '\tevent->size = BPF_CORE_READ(file, f_inode, i_blkbits);',
      '\tbpf_get_current_comm(event->comm, sizeof(event->comm));',
      '\tbpf_ringbuf_submit(event, 0);',
      '\treturn 0;',
      '}',
      '',
    );
  }
  while (lines.length < LINES) lines.push('/* */');
  return lines;
}

interface Position {
  readonly line: number;
  readonly character: number;
}

/** Where `text` ends in a line that holds it, searched from the middle of the file on. */
function after(lines: readonly string[], text: string): Position {
  const line = lines.findIndex((candidate, at) => at > LINES / 2 && candidate.includes(text));
  if (line < 0) throw new Error(`the program has no ${text}`);
  return { line, character: (lines[line] ?? '').indexOf(text) + text.length };
}

/** What is asked of a server: where words are completed, which are hovered, how often. */
interface Plan {
  readonly completed: readonly string[];
  readonly hovered: readonly string[];
  readonly requests: number;
  readonly openings: number;
}

/** What both can answer: clangd knows nothing of sections, nor of the members in BPF_CORE_READ(). */
const COMMON = {
  completed: ['= bpf_map_lookup_', 'event->', '__uint(type, BPF_MAP_TYPE_'],
  hovered: ['bpf_map_lookup_elem', 'counts_', 'struct file'],
};
const WHOLE: Plan = {
  completed: [...COMMON.completed, 'SEC("kprobe/vfs_', 'BPF_CORE_READ(file, f_inode, i_'],
  hovered: [...COMMON.hovered, 'BPF_CORE_READ', 'kprobe/vfs_read'],
  requests: 120,
  openings: 40,
};
/** clangd takes seconds to open a file with a whole vmlinux.h: a few tell. */
const SIDE_BY_SIDE: Plan = { ...COMMON, requests: 60, openings: 8 };

const KINDS = ['completion', 'hover', 'diagnostics'] as const;
type Measured = Readonly<Record<(typeof KINDS)[number], { readonly p95Ms: number; readonly cpuMs: number }>>;

export async function benchEditing(runs: number, add: (row: Row) => void): Promise<void> {
  const kernel = await kernelBtf();
  const whole: Measured[] = [];
  for (let run = 0; run < runs; run++) whole.push(await ourRun(kernel.file, WHOLE));
  const put = (name: string, unit: string, ours: readonly number[], limit: number): void =>
    add(row('editing', { name, unit, ours, limit }));
  const p95 = (measured: readonly Measured[], kind: keyof Measured) => measured.map(one => one[kind].p95Ms);
  put('completion after a keystroke, p95', 'ms', p95(whole, 'completion'), 15);
  put('hover, p95', 'ms', p95(whole, 'hover'), 10);
  put('diagnostics of 1,000 lines, p95', 'ms', p95(whole, 'diagnostics'), 50);

  // What a machine that does other things besides cannot change much.
  for (const kind of KINDS) {
    const ours = whole.map(one => one[kind].cpuMs);
    add(row('editing', { name: `${kind}: CPU time, mean`, unit: 'ms', ours }));
  }

  const clangd = spawnSync('clangd', ['--version'], { encoding: 'utf8' });
  if (clangd.status === 0) {
    const version = /clangd version (\d+)/.exec(clangd.stdout)?.[1] ?? '';
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let run = 0; run < runs; run++) {
      ours.push(await ourRun(kernel.file, SIDE_BY_SIDE));
      theirs.push(await clangdRun(kernel.bytes, SIDE_BY_SIDE));
    }
    for (const kind of KINDS) {
      const peer = { name: `clangd ${version}`, values: p95(theirs, kind) };
      const name = `${kind}, what clangd does as well, p95`;
      add(row('editing', { name, unit: 'ms', ours: p95(ours, kind), peer }));
    }
  }

  const indexes = Array.from(
    { length: runs },
    () =>
      JSON.parse(
        execFileSync(process.execPath, ['--expose-gc', path.join(workFolder, 'index-btf.mjs'), kernel.file], {
          encoding: 'utf8',
        }),
      ) as { readonly ms: number; readonly mb: number },
  );
  const index = `index of the BTF of ${kernel.release}`;
  put(
    index,
    'ms',
    indexes.map(({ ms }) => ms),
    500,
  );
  put(
    'memory of that index',
    'MB',
    indexes.map(({ mb }) => mb),
    80,
  );
}

async function ourRun(btfPath: string, plan: Plan): Promise<Measured> {
  const server = await ServerUnderTest.start(path.join(root, 'dist/server.js'), { btfPath });
  try {
    return await serve(server, plan);
  } finally {
    await server.stop();
  }
}

/** clangd with the flags that BPF: Configure clangd writes, and nothing of its own in the background. */
async function clangdRun(btf: Uint8Array, plan: Plan): Promise<Measured> {
  const server = await ServerUnderTest.run(['clangd', '--background-index=0', '--log=error']);
  try {
    const parsed = parseBtf(btf);
    const flags = compileFlags({
      clang: await findClang(),
      vmlinuxFolder: await ensureVmlinuxHeader(
        btfSource(btf, () => parsed),
        defaultCacheFolder(),
      ),
      includeFolders: [],
      libbpfFolder: await findLibbpfHeaders(),
    });
    writeFileSync(path.join(server.folder, 'compile_flags.txt'), `${flags.join('\n')}\n`);
    return await serve(server, plan);
  } finally {
    await server.stop();
  }
}

interface Timed {
  readonly ms: number;
  readonly cpuMs: number;
}

function summary(times: readonly Timed[]) {
  const p95Ms = percentile(
    times.map(({ ms }) => ms),
    0.95,
  );
  return { p95Ms, cpuMs: times.reduce((sum, time) => sum + time.cpuMs, 0) / times.length };
}

/** Of all threads there are (garbage collection and compilation are part of the price); one that ended meanwhile counts nothing. */
function cpuMs(pid: number): number {
  const spentNs = (thread: string): number => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      return 0;
    }
  };
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + spentNs(thread), 0) / 1e6;
}

/** p95 of each in one life of a server; the first requests, which load what all others use, are not counted. */
async function serve(server: ServerUnderTest, plan: Plan): Promise<Measured> {
  const { pid } = server;
  const lines = longProgram();
  const name = 'long.bpf.c';
  const problems = await server.diagnostics(name, lines.join('\n'));
  if (problems.length > 0) throw new Error(`the program is not clean: ${problems[0]?.message}`);
  const { uri } = await server.write(name, lines.join('\n'));
  let version = server.document(uri).version;

  const timed = async (work: () => Promise<unknown>): Promise<Timed> => {
    const before = cpuMs(pid);
    const began = performance.now();
    await work();
    const ms = performance.now() - began;
    return { ms, cpuMs: cpuMs(pid) - before };
  };
  const cursor = (text: string): Position => after(lines, text);
  const places = plan.completed.map(cursor);
  const completion: Timed[] = [];
  for (let request = 0; request < plan.requests; request++) {
    const position = places[request % places.length] as Position;
    // A key, and its completion; then the key is taken back, not timed, so that every request meets the same text.
    const change = (text: string, end: Position) =>
      server.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: ++version },
        contentChanges: [{ range: { start: position, end }, text }],
      });
    const typed = { line: position.line, character: position.character + 1 };
    const letter = (lines[position.line] ?? '')[position.character] ?? 'a';
    const time = await timed(async () => {
      await change(/\w/.test(letter) ? letter : 'a', position);
      const list = await server.connection.sendRequest<{ items: unknown[] } | unknown[] | null>(
        'textDocument/completion',
        { textDocument: { uri }, position: typed, context: { triggerKind: 1 } },
      );
      const items = Array.isArray(list) ? list : (list?.items ?? []);
      if (items.length === 0) throw new Error(`nothing was offered in line ${position.line + 1}`);
    });
    await change('', typed);
    if (request >= plan.requests / 6) completion.push(time);
  }

  const hover: Timed[] = [];
  for (let request = 0; request < plan.requests; request++) {
    const end = cursor(plan.hovered[request % plan.hovered.length] ?? '');
    const position = { line: end.line, character: end.character - 2 };
    const time = await timed(() =>
      server.connection.sendRequest('textDocument/hover', { textDocument: { uri }, position }),
    );
    if (request >= plan.requests / 6) hover.push(time);
  }

  // Opened anew each time: what is typed is checked only after a pause of 150 ms, which is not work.
  const diagnostics: Timed[] = [];
  for (let request = 0; request < plan.openings; request++) {
    const fresh = `fresh${request}.bpf.c`;
    const text = [...lines.slice(0, -1), `/* ${request} */`].join('\n');
    const time = await timed(() => server.diagnostics(fresh, text));
    await server.connection.sendNotification('textDocument/didClose', {
      textDocument: { uri: server.uri(fresh) },
    });
    if (request >= plan.openings / 4) diagnostics.push(time);
  }
  return { completion: summary(completion), hover: summary(hover), diagnostics: summary(diagnostics) };
}
