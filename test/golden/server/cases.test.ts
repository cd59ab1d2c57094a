/** The programs of test/fixtures/cases (troubles that people reported) on the types of the sandbox VM's kernel. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKernel } from '../../../src/session/vm/kernel-image';
import { kernelImageBtf, unpackedVmlinux } from '../../../src/session/vm/vmlinux';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { bundleServer, CURSOR, repository, ServerUnderTest, scratch } from './client';

const cases = path.join(repository, 'test/fixtures/cases');
const folder = scratch();
let server: ServerUnderTest;

beforeAll(async () => {
  const cacheFolder = defaultCacheFolder();
  const kernel = await findKernel(cacheFolder);
  const bytes = await kernelImageBtf(kernel, cacheFolder);
  if (!bytes) throw new Error("the sandbox VM's kernel image cannot be unpacked");
  const btfPath = path.join(folder, 'cache/btf', `${kernel.release}-1-2.btf`);
  mkdirSync(path.dirname(btfPath), { recursive: true });
  writeFileSync(btfPath, bytes);
  const image = await unpackedVmlinux(kernel, cacheFolder);
  if (!image) throw new Error("the sandbox VM's kernel image cannot be unpacked");
  mkdirSync(path.join(folder, 'cache/vmlinux'));
  symlinkSync(image, path.join(folder, 'cache/vmlinux', path.basename(btfPath, '.btf')));
  const modules = path.join(folder, 'cache/kernels', kernel.release, 'lib/modules', kernel.release);
  mkdirSync(path.dirname(modules), { recursive: true });
  symlinkSync(kernel.modulesFolder, modules);
  server = await ServerUnderTest.start(await bundleServer(folder), { btfPath });
}, 120_000);
afterAll(async () => {
  await server.stopWell();
  rmSync(folder, { recursive: true, force: true });
});

async function problems(folderName: string, name = folderName) {
  const file = path.join(cases, folderName, `${name}.bpf.c`);
  const found = await server.diagnostics(pathToFileURL(file).href, readFileSync(file, 'utf8'));
  return found.map(({ severity, message, range, data }) => ({
    severity,
    message,
    line: range.start.line + 1,
    fixes: (data as { fixes: { title: string; preferred: boolean }[] }).fixes,
  }));
}

describe('a reported program', () => {
  it('fexit of a system call’s wrapper', async () => {
    const found = await problems('fexit-of-a-syscall');
    expect(found).toMatchObject([{ severity: 2, line: 11 }]);
    expect(found[0]?.message).toMatch(/has 1 argument and a result.*this program reads 4/);
  });

  it('a kprobe on a wrapper, and its right forms', async () => {
    expect(await problems('syscall-wrapper', 'wrapper')).toMatchObject([
      {
        severity: 2,
        line: 7,
        fixes: [{ title: 'Attach to the system call: ksyscall/close and BPF_KSYSCALL', preferred: true }],
      },
    ]);
    expect(await problems('syscall-wrapper', 'silent')).toEqual([]);
  });

  it('a function of a module', async () => {
    const found = await problems('module-function');
    expect(found).toMatchObject([{ severity: 2, line: 12, fixes: [] }]);
    expect(found[0]?.message).toMatch(/in the kernel module bridge.*sudo modprobe bridge/);
  });

  it('another architecture’s vmlinux.h', async () => {
    const found = await problems('foreign-vmlinux');
    expect(found).toMatchObject([{ severity: 1, line: 2, fixes: [{ preferred: true }] }]);
    expect(found[0]?.message).toContain('is of arm64');
  });

  it('a legacy map: fix, hover and definition', async () => {
    expect(await problems('legacy-maps')).toMatchObject([
      { severity: 1, line: 16, fixes: [{ title: 'Declare opens_by_user in SEC(".maps")' }] },
    ]);
    const text = readFileSync(path.join(cases, 'legacy-maps/legacy-maps.bpf.c'), 'utf8');
    const at = (line: number, column: number) => {
      const lines = text.split('\n');
      const own = lines[line - 1] ?? '';
      lines[line - 1] = own.slice(0, column - 1) + CURSOR + own.slice(column - 1);
      return lines.join('\n');
    };
    const hover = JSON.stringify(await server.at('textDocument/hover', 'legacy.bpf.c', at(16, 36)));
    expect(hover).toContain('map opens_by_user: hash');
    expect(await server.at('textDocument/definition', 'legacy.bpf.c', at(27, 50))).toMatchObject([
      { range: { start: { line: 15, character: 31 } } },
    ]);
  });

  it('a function that is inlined everywhere, once the modules have been read', async () => {
    const text = readFileSync(path.join(cases, 'block-account-6.1/inlined.bpf.c'), 'utf8');
    const found = await server.diagnostics('inlined.bpf.c', text, all => all.length > 0);
    expect(found).toMatchObject([{ severity: 2, code: 'target-missing' }]);
    expect(found[0]?.message).toMatch(
      /^This kernel has no function blk_account_io_start\(\).*(?:inlined|Nearest)/,
    );
    // A module has it, and does not export it.
    const inModule = text.replace('blk_account_io_start', 'ext4_file_open');
    expect(await server.diagnostics('module.bpf.c', inModule)).toEqual([]);
  });

  it.each(['d-path-not-here/accepted', 'kernel-config/kernel-config', 'padding-on-stack/padding-on-stack'])(
    'that is right to the server: %s',
    async name => {
      expect(await problems(path.dirname(name), path.basename(name))).toEqual([]);
    },
  );
});
