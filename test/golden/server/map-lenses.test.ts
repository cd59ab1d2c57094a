/** The lens over a map and the panels: one rule, asked with what the source tells and with what the object's BTF tells. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodeLens } from 'vscode-languageserver/node';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { readObject } from '../../../src/shared/object/object';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { btfSourceOf } from '../../unit/templates/compiled';
import { bundleServer, repository, ServerUnderTest, scratch } from './client';

const map = (name: string, type: string, fields: string) =>
  `struct {\n\t__uint(type, BPF_MAP_TYPE_${type});\n\t${fields}\n} ${name} SEC(".maps")`;
const U32 = '__type(key, u32);';
/** Maps that a name, a type or a tag keeps from the panels, and those that only look so. */
const EVERY_ROLE = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpfw.h"

typedef u64 slots_t[16];
struct hist { u32 slots[26]; u64 total; };
struct point { u32 x; u32 y; };

${map('start', 'HASH', `__uint(max_entries, 64); ${U32} __type(value, u64);`)};
${map('counts', 'HASH', `__uint(max_entries, 64); ${U32} __type(value, u64);`)};
${map('hidden_counts', 'HASH', `__uint(max_entries, 64); ${U32} __type(value, u64);`)} BPFW_HIDDEN;
${map('latency_hist', 'ARRAY', `__uint(max_entries, 32); ${U32} __type(value, u64);`)};
${map('two_hist', 'ARRAY', `__uint(max_entries, 2); ${U32} __type(value, u64);`)};
${map('signed_hist', 'ARRAY', `__uint(max_entries, 32); ${U32} __type(value, s64);`)};
${map('by_pid', 'HASH', `__uint(max_entries, 64); ${U32} __type(value, struct hist);`)};
${map('hists', 'PERCPU_ARRAY', `__uint(max_entries, 1); ${U32} __type(value, slots_t);`)};
${map('tagged', 'ARRAY', `__uint(max_entries, 32); ${U32} __type(value, bpfw_count);`)} BPFW_LOG2("ns");
${map('slotted', 'ARRAY', `__uint(max_entries, 32); ${U32} __type(value, bpfw_slot);`)};
${map('event', 'PERCPU_ARRAY', `__uint(max_entries, 1); ${U32} __type(value, struct point);`)};
${map('events', 'PERF_EVENT_ARRAY', '__uint(key_size, 4); __uint(value_size, 4);')};
${map('cycles', 'PERF_EVENT_ARRAY', '__uint(key_size, 4); __uint(value_size, 4);')};
${map('events_dropped', 'ARRAY', `__uint(max_entries, 1); ${U32} __type(value, u64);`)};
${map('sockets_of', 'HASH', `__uint(max_entries, 64); ${U32} __type(value, struct sock *);`)};
${map('stacks', 'STACK_TRACE', '__uint(max_entries, 64); __uint(key_size, 4); __uint(value_size, 127 * 8);')};
${map('jumps', 'PROG_ARRAY', `__uint(max_entries, 4); ${U32} __type(value, u32);`)};
${map('later', 'QUEUE', '__uint(max_entries, 4); __type(value, u32);')};
BPFW_RINGBUF(records, struct point, 64 * 1024);

char LICENSE[] SEC("license") = "GPL";

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(void *ctx)
{
	struct point point = {};

	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &point, sizeof(point));
	return bpf_perf_event_read(&cycles, 0) > 4;
}
`;

const folder = scratch();
const templates = path.join(repository, 'bpf-templates');
const includeFolders = [path.join(templates, 'include')];
const own = path.join(folder, 'every-role.bpf.c');
const sources = [
  own,
  ...readdirSync(templates)
    .filter(name => name !== 'include')
    .map(name => path.join(templates, name, `${name}.bpf.c`)),
];

describe('the lens over each map shows what the panel does with it', () => {
  let server: ServerUnderTest;
  let btfPath: string;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(own, EVERY_ROLE);
    [btfPath = ''] = await kernelBtfFiles(folder);
    server = await ServerUnderTest.start(await bundleServer(folder), { btfPath, includeFolders });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(sources.map(file => [path.basename(file), file]))(
    '%s',
    async (_name, sourcePath) => {
      const clang = await findClang();
      const cacheFolder = path.join(folder, 'cache');
      const result = await compile({
        sourcePath,
        btf: btfSourceOf(btfPath),
        clang,
        cacheFolder,
        includeFolders,
      });
      if (!result.ok) throw new Error(result.output);
      const { maps } = readObject(new Uint8Array(readFileSync(result.objectPath)), path.basename(sourcePath));

      const text = readFileSync(sourcePath, 'utf8');
      const uri = pathToFileURL(sourcePath).href;
      await server.diagnostics(uri, text);
      const lenses = await server.connection.sendRequest<CodeLens[]>('textDocument/codeLens', {
        textDocument: { uri },
      });
      const lines = text.split('\n');
      const shown = new Map(
        lenses
          .filter(lens => lens.command?.title.startsWith('shown as '))
          .map(({ range: { start, end }, command }) => [
            lines[start.line]?.slice(start.character, end.character),
            command?.title.slice('shown as '.length),
          ]),
      );
      const panels = maps
        .filter(({ view }) => view.kind !== 'internal' && view.kind !== 'drops')
        .map(({ name, view }) => [name, view.kind] as const);
      expect([...shown].sort()).toEqual([...panels].sort());
      if (sourcePath === own) {
        const kinds = Object.fromEntries(maps.map(({ name, view }) => [name, view.kind]));
        expect(kinds).toMatchObject({ start: 'internal', counts: 'table', latency_hist: 'histogram' });
        expect(new Set(Object.values(kinds)).size).toBe(6);
      }
    },
    60_000,
  );
});
