import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { type CompileRequest, compile } from '../../../src/compile/compile';
import { scratchFolder, smallKernel } from './toolchain';

const { folder, remove } = scratchFolder();
afterAll(remove);
let work = folder;
let cases = 0;
beforeEach(() => {
  work = join(folder, `case ${cases++}`);
  mkdirSync(work);
});

const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "mine.h"
__u64 result;
SEC("raw_tp/x")
int handle(void *ctx)
{
	struct thing *thing = ctx;
	result = thing->inner.value + thing->hidden->depth + EXTRA;
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
`;

async function request(source = PROGRAM, more: Partial<CompileRequest> = {}): Promise<CompileRequest> {
  const sourcePath = join(work, 'program.bpf.c');
  writeFileSync(sourcePath, source);
  writeFileSync(join(work, 'mine.h'), '#define EXTRA 1\n');
  return {
    sourcePath,
    btf: smallKernel(folder),
    clang: await findClang(),
    cacheFolder: join(work, 'cache'),
    ...more,
  };
}

describe('compile', () => {
  it('finds an object again by the contents of everything clang read', async () => {
    const wanted = await request();
    const first = await compile(wanted);
    expect(first).toMatchObject({ ok: true, cached: false, header: 'reduced', diagnostics: [] });

    const btf = smallKernel(folder);
    const again = await compile({ ...wanted, btf });
    expect(again).toMatchObject({ ok: true, cached: true });
    expect(btf.loads).toBe(0);

    writeFileSync(join(work, 'mine.h'), '#define EXTRA 2\n');
    const changed = await compile(wanted);
    expect(changed).toMatchObject({ ok: true, cached: false });
    if (!first.ok || !changed.ok) throw new Error('not compiled');
    expect(changed.objectHash).not.toBe(first.objectHash);

    writeFileSync(join(work, 'mine.h'), '#define EXTRA 1\n');
    expect(await compile(wanted)).toMatchObject({ cached: true, objectHash: first.objectHash });
    expect(await compile({ ...wanted, extraFlags: ['-DX'] })).toMatchObject({ cached: false });
  });

  it('compiles again when the cached object is damaged', async () => {
    const wanted = await request();
    const first = await compile(wanted);
    if (!first.ok) throw new Error(first.output);
    writeFileSync(first.objectPath, 'damaged');
    expect(await compile(wanted)).toMatchObject({ ok: true, cached: false, objectHash: first.objectHash });
  });

  it('writes the object where it is wanted, and prints the command that makes it', async () => {
    const outputPath = join(work, 'out', 'program.bpf.o');
    let said = '';
    const result = await compile(await request(PROGRAM, { outputPath, onOutput: text => (said += text) }));
    expect(result).toMatchObject({ ok: true, objectPath: outputPath });
    const [command = '', ...args] = result.commandLine;
    const bytes = readFileSync(outputPath);
    rmSync(outputPath);
    execFileSync(command, args, { cwd: work });
    expect(readFileSync(outputPath).equals(bytes)).toBe(true);
    expect(said).toContain(`-o '${outputPath}'`);
  });

  it('reports errors of the program as clang does, with places, ranges, notes and fix-its', async () => {
    const source = PROGRAM.replace('thing->hidden->depth', 'thing.hidden->dept');
    const result = await compile(await request(source));
    expect(result.ok).toBe(false);
    expect(result.objectPath).toBeNull();
    expect(result.diagnostics[0]).toMatchObject({
      file: join(work, 'program.bpf.c'),
      line: 9,
      severity: 'error',
      message: "member reference type 'struct thing *' is a pointer; did you mean to use '->'?",
      fixits: [{ line: 9, text: '->' }],
    });
    expect(result.output).toContain('did you mean');
    expect(result.output).not.toContain('fix-it:');
  });

  it('makes one clang serve all who want the same, and ends it when all have left', async () => {
    const wanted = await request();
    const stop = new AbortController();
    const left = compile({ ...wanted, signal: stop.signal });
    const stayed = compile(wanted);
    const third = compile(wanted);
    stop.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    expect(await stayed).toMatchObject({ ok: true, cached: false });
    expect(await third).toMatchObject({ ok: true, cached: false });
    expect((wanted.btf as ReturnType<typeof smallKernel>).loads).toBe(1);
  });

  it('fixes the reduced header when a definition is not compiled in', async () => {
    const source = PROGRAM.replace(
      '__u64 result;',
      '#if 0\nstruct thing { int own; };\nenum state { STATE_BUSY };\n#endif\n__u64 result = STATE_BUSY;',
    );
    expect(await compile(await request(source))).toMatchObject({
      ok: true,
      header: 'reduced',
      diagnostics: [],
    });
  });

  it('keeps out of the way of types and enumerators the program defines', async () => {
    const source = PROGRAM.replace(
      '__u64 result;',
      'struct inner { char own; };\nenum { STATE_IDLE = 3 };\nstruct inner own;\nint STATE_BUSY = STATE_IDLE;\n__u64 result;',
    );
    const wanted = await request(source);
    expect(await compile(wanted)).toMatchObject({ ok: true, header: 'reduced', diagnostics: [] });
    expect(await compile({ ...wanted, header: 'full' })).toMatchObject({ ok: false });
  });

  it('has the preprocessor glue arguments together', async () => {
    const wanted = await request(PROGRAM.replace('struct thing *thing', 'struct GLUE(th, ing) *thing'));
    writeFileSync(join(work, 'mine.h'), '#define EXTRA 1\n#define GLUE(a, b) a##b\n');
    expect(await compile(wanted)).toMatchObject({ ok: true, header: 'reduced', diagnostics: [] });
  });

  it('falls back to the full header where the reduced one will not do', async () => {
    // Every call through a pointer shows one more struct that the program names nowhere.
    const chain = 'sizeof(thing->first()->second()->third()->fourth()->last)';
    const result = await compile(await request(PROGRAM.replace('thing->hidden->depth', chain)));
    expect(result).toMatchObject({ ok: true, header: 'full', diagnostics: [] });
  });

  it('leaves a vmlinux.h beside the source alone', async () => {
    const wanted = await request('#include "vmlinux.h"\nint own = OWN;\n');
    writeFileSync(join(work, 'vmlinux.h'), '#define OWN 1\n');
    expect(await compile(wanted)).toMatchObject({ ok: true, header: 'own' });
    expect((wanted.btf as ReturnType<typeof smallKernel>).loads).toBe(0);
  });
});

describe('findClang', () => {
  const path = (...tools: [name: string, script: string][]): NodeJS.ProcessEnv => {
    for (const [name, script] of tools)
      writeFileSync(join(work, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { PATH: work };
  };

  it('reports what is missing and how to fix it', async () => {
    await expect(findClang({ env: path() })).rejects.toMatchObject({
      code: 'clang-missing',
      fix: { command: 'sudo apt-get install clang libbpf-dev' },
    });
    await expect(findClang({ setting: '/nowhere/clang' })).rejects.toMatchObject({ code: 'clang-missing' });
    const old = path(['clang', 'echo "Ubuntu clang version 11.1.0-6"; echo "    bpf - BPF"']);
    await expect(findClang({ env: old })).rejects.toMatchObject({ code: 'clang-too-old' });
  });

  it('prefers clang, then the newest named version, and passes over what cannot compile for BPF', async () => {
    const env = path(['clang', 'echo "clang version 19.1.0"; echo "    x86-64 - x"']);
    await expect(findClang({ env })).rejects.toMatchObject({ code: 'clang-missing' });
    const good = (major: number): string =>
      `echo "clang version ${major}.0.0"; echo "    bpf        - BPF (host endian)"`;
    path(['clang-15', good(15)], ['clang-17', good(17)]);
    expect(await findClang({ env })).toMatchObject({ path: join(work, 'clang-17'), major: 17 });
    rmSync(join(work, 'clang'));
    symlinkSync(join(work, 'clang-15'), join(work, 'clang'));
    expect(await findClang({ env })).toMatchObject({ path: join(work, 'clang'), major: 15 });
  });
});
