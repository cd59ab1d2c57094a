/** Compile on save runs clang on whatever a source says: it ends, in time and with bounded memory, and says why. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { type CompileRequest, type CompileResult, compile } from '../../../src/compile/compile';
import { btfSource } from '../../../src/compile/vmlinux-cache';
import { hostileFiles } from '../system/hostile-files';
import { elfSection, scratchFolder } from './toolchain';

const { folder, remove } = scratchFolder();
const hostile = hostileFiles('.h');
afterAll(() => {
  hostile.remove();
  remove();
});

let btf: CompileRequest['btf'];
beforeAll(() => {
  const source = join(folder, 'kernel.c');
  const object = join(folder, 'kernel.o');
  writeFileSync(source, 'typedef unsigned int __u32; struct thing { __u32 count; }; struct thing a;\n');
  execFileSync('clang', ['--target=bpf', '-g', '-c', source, '-o', object]);
  const bytes = elfSection(object, '.BTF');
  btf = btfSource(bytes);
});

const END = '\nint handle(void *ctx) { return 0; }\n';
const DEADLINE_MS = 3_000;
let cases = 0;

async function result(text: string, options: Partial<CompileRequest> = {}): Promise<CompileResult> {
  const work = join(folder, `case-${cases++}`);
  mkdirSync(work);
  const sourcePath = join(work, 'program.bpf.c');
  writeFileSync(sourcePath, text);
  const clang = await findClang();
  const cacheFolder = join(work, 'cache');
  return compile({ sourcePath, clang, btf, cacheFolder, deadlineMs: DEADLINE_MS, ...options });
}

/** The processes of that name that this process has left. */
function running(name: string): string[] {
  return readdirSync('/proc/self/task')
    .flatMap(task => readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' '))
    .filter(pid => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith(name));
}

it.each([
  ['a source without vmlinux.h', ''],
  ['a source with vmlinux.h', '#include "vmlinux.h"\n'],
  [
    'one that has to go through the preprocessor first',
    '#include "vmlinux.h"\n#define A(x) x##_y\nint A(b);\n',
  ],
])(
  'ends clang when it waits for a FIFO: %s',
  async (_title, before) => {
    const started = performance.now();
    const { ok, diagnostics, output } = await result(`${before}#include "${hostile.fifo}"${END}`);
    expect(ok).toBe(false);
    const [diagnostic] = diagnostics.filter(({ severity }) => severity === 'error');
    expect(diagnostic).toMatchObject({
      file: '',
      message: expect.stringMatching(/stopped after 3 s: look for an #include of a FIFO/),
    });
    expect(output).toContain('was stopped after');
    // All attempts together: other headers are not tried.
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS + 3_000);
    expect(running('clang')).toEqual([]);
  },
  20_000,
);

it('ends clang when it waits for a FIFO that #line names: BTF holds a copy of each line', async () => {
  const { ok, output } = await result(`#line 1 "${hostile.fifo}"${END}`);
  expect(ok).toBe(false);
  expect(output).toContain('was stopped after');
}, 20_000);

it('starts clang with only its own environment, and ends it at once when its result is not awaited any more', async () => {
  // Asked what it can do, before this test looks for one that compiles.
  await findClang();
  const stop = new AbortController();
  process.env.A_SECRET = 'of another program';
  process.env.CPATH = folder;
  const compiling = result(`#include "${hostile.fifo}"${END}`, { signal: stop.signal, deadlineMs: 60_000 });
  compiling.catch(() => undefined);
  while (running('clang').length === 0) await new Promise(resolve => setTimeout(resolve, 5));
  // clang in the place of the shell that set its limits.
  const environment = readFileSync(`/proc/${running('clang')[0]}/environ`, 'utf8');
  const limits = readFileSync(`/proc/${running('clang')[0]}/limits`, 'utf8');
  delete process.env.A_SECRET;
  delete process.env.CPATH;
  expect(environment).not.toContain('A_SECRET');
  expect(environment).toContain(`CPATH=${folder}`);
  expect(limits).toMatch(/^Max address space\s+2147483648\s+2147483648/m);
  stop.abort();
  await expect(compiling).rejects.toMatchObject({ name: 'AbortError' });
  while (running('clang').length > 0) await new Promise(resolve => setTimeout(resolve, 5));
}, 20_000);

it('ends clang when it needs too much memory, and reports it', async () => {
  const huge = 'int a[1000000000] = {1, [999999999] = 2};\nint b[900000000] = {3, [899999999] = 3};\n';
  const { ok, diagnostics, output } = await result(`${huge}${END}`, { deadlineMs: 60_000 });
  expect(ok).toBe(false);
  expect(diagnostics).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(/exceeded its memory limit of 2048 MiB/),
    }),
  );
  expect(output).not.toContain('Stack dump');
}, 90_000);

it.each(['#include "/dev/zero"', '#line 1 "/dev/zero"\nstruct thing t;', '#line 1 "FIFO"\nstruct thing t;'])(
  'comes to an end: %s',
  async line => {
    const named = line.replace('FIFO', hostile.fifo);
    const { ok, output } = await result(`#include "vmlinux.h"\n${named}\nunknown_type x;${END}`, {
      deadlineMs: 20_000,
    });
    expect(ok).toBe(false);
    expect(output).toContain('unknown_type');
  },
  30_000,
);

it.each(hostile.all)('refuses to compile %s', async (file, code) => {
  await expect(result('', { sourcePath: file })).rejects.toMatchObject({ code });
});

it.each(hostile.all.filter(([, code]) => code === 'not-a-file'))(
  'comes to an end with a forced include of %s',
  async file => {
    const { ok } = await result(`int x;${END}`, { extraFlags: ['-include', file], deadlineMs: DEADLINE_MS });
    expect(typeof ok).toBe('boolean');
  },
  20_000,
);
