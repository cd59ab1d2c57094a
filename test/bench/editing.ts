/** The language server as editors run it (over stdio), on a program of 1,000 lines, with the types of a whole distribution kernel. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ServerUnderTest } from '../golden/server/client';
import { kernelBtf } from './kernel-btf';
import { percentile, type Row, row } from './measure';
import { root, workFolder } from './paths';

const LINES = 1000;
const REQUESTS = 120;

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

export async function benchEditing(runs: number, add: (row: Row) => void): Promise<void> {
  const kernel = await kernelBtf();
  const kinds = ['completion', 'hover', 'diagnostics'] as const;
  const samples = { completion: [] as number[], hover: [] as number[], diagnostics: [] as number[] };
  const cpu = { completion: [] as number[], hover: [] as number[], diagnostics: [] as number[] };
  for (let run = 0; run < runs; run++) {
    const one = await serverRun(kernel.file);
    for (const kind of kinds) {
      samples[kind].push(one[kind].p95Ms);
      cpu[kind].push(one[kind].cpuMs);
    }
  }
  const put = (name: string, unit: string, ours: readonly number[], limit: number): void =>
    add(row('editing', { name, unit, ours, limit }));
  put('completion after a keystroke, p95', 'ms', samples.completion, 15);
  put('hover, p95', 'ms', samples.hover, 10);
  put('diagnostics of 1,000 lines, p95', 'ms', samples.diagnostics, 50);

  // What a machine that does other things besides cannot change much.
  for (const kind of kinds)
    add(row('editing', { name: `${kind}: CPU time, mean`, unit: 'ms', ours: cpu[kind] }));

  const indexes = Array.from(
    { length: runs },
    () =>
      JSON.parse(
        execFileSync(process.execPath, ['--expose-gc', path.join(workFolder, 'index-btf.mjs'), kernel.file], {
          encoding: 'utf8',
        }),
      ) as { readonly ms: number; readonly mb: number },
  );
  put(
    `index of the BTF of ${kernel.release}`,
    'ms',
    indexes.map(({ ms }) => ms),
    500,
  );
  put(
    `memory of that index`,
    'MB',
    indexes.map(({ mb }) => mb),
    80,
  );
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

function children(): number[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Of all threads: garbage collection and compilation are part of the price. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map(thread =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ns.reduce((sum, value) => sum + value, 0) / 1e6;
}

/** p95 of each in one life of a server; the first requests, which load what all others use, are not counted. */
async function serverRun(btfPath: string) {
  const others = new Set(children());
  const server = await ServerUnderTest.start(path.join(root, 'dist/server.js'), { btfPath });
  const pid = children().find(child => !others.has(child));
  if (pid === undefined) throw new Error('the server has no process');
  try {
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
    const places = [
      cursor('SEC("kprobe/vfs_'),
      cursor('= bpf_map_lookup_'),
      cursor('event->'),
      cursor('__uint(type, BPF_MAP_TYPE_'),
      cursor('BPF_CORE_READ(file, f_inode, i_'),
    ];
    const completion: Timed[] = [];
    for (let request = 0; request < REQUESTS; request++) {
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
      if (request >= 20) completion.push(time);
    }

    const words = ['bpf_map_lookup_elem', 'BPF_CORE_READ', 'kprobe/vfs_read', 'counts_', 'struct file'];
    const hover: Timed[] = [];
    for (let request = 0; request < REQUESTS; request++) {
      const end = cursor(words[request % words.length] ?? '');
      const position = { line: end.line, character: end.character - 2 };
      const time = await timed(() =>
        server.connection.sendRequest('textDocument/hover', { textDocument: { uri }, position }),
      );
      if (request >= 20) hover.push(time);
    }

    // Opened anew each time: what is typed is checked only after a pause of 150 ms, which is no work.
    const diagnostics: Timed[] = [];
    for (let request = 0; request < 40; request++) {
      const fresh = `fresh${request}.bpf.c`;
      const text = [...lines.slice(0, -1), `/* ${request} */`].join('\n');
      const time = await timed(() => server.diagnostics(fresh, text));
      await server.connection.sendNotification('textDocument/didClose', {
        textDocument: { uri: server.uri(fresh) },
      });
      if (request >= 10) diagnostics.push(time);
    }
    return {
      completion: summary(completion),
      hover: summary(hover),
      diagnostics: summary(diagnostics),
    };
  } finally {
    await server.stop();
  }
}
