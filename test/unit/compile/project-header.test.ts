/** A vmlinux.h that lies beside the program and does not fit: said on its #include, before clang's consequences. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { kernelHeaderProblem, readKernelHeader } from '../../../src/shared/c/kernel-header';
import { scratchFolder, smallKernel } from './toolchain';

const { folder, remove } = scratchFolder();
afterAll(remove);
const fixtures = resolve(import.meta.dirname, '../../fixtures/cases/foreign-vmlinux');

async function compiled(name: string, header: string | null, architecture: string) {
  const work = join(folder, name);
  mkdirSync(work);
  const sourcePath = join(work, 'foreign-vmlinux.bpf.c');
  copyFileSync(join(fixtures, 'foreign-vmlinux.bpf.c'), sourcePath);
  if (header === null) copyFileSync(join(fixtures, 'vmlinux.h'), join(work, 'vmlinux.h'));
  else writeFileSync(join(work, 'vmlinux.h'), header);
  let said = '';
  const result = await compile({
    sourcePath,
    btf: smallKernel(folder),
    clang: await findClang(),
    cacheFolder: join(work, 'cache'),
    architecture,
    onOutput: text => (said += text),
  });
  return { ...result, said };
}

describe('a vmlinux.h beside the program', () => {
  it('of another architecture is reported on the #include', async () => {
    const result = await compiled('arm64', null, 'x64');
    expect(result.ok).toBe(false);
    expect(result.diagnostics[0]).toMatchObject({
      line: 2,
      severity: 'error',
      message: expect.stringMatching(
        /is of arm64 \(struct pt_regs has user_pt_regs, regs\[31\], no di\), and the target is x86-64\./,
      ),
    });
    expect(result.said).toContain('foreign-vmlinux.bpf.c:2: This project’s vmlinux.h is of arm64');
  });

  it('that is empty is reported, too', async () => {
    const result = await compiled('empty', '\n', 'x64');
    expect(result.diagnostics[0]).toMatchObject({
      line: 2,
      message: expect.stringMatching(/declares no type/),
    });
  });

  it('of the right one is not mentioned, whatever else is wrong', async () => {
    const result = await compiled('right', 'struct pt_regs {\n\tlong r15;\n};\n', 'x64');
    expect(result.ok).toBe(false);
    expect(result.diagnostics.some(each => /vmlinux\.h is of/.test(each.message))).toBe(false);
  });
});

describe('the architecture of a vmlinux.h', () => {
  const header = (members: string) => readKernelHeader(`struct pt_regs {\n${members}\n};\n`);
  it.each([
    ['\tlong unsigned int r15;\n\tlong unsigned int di;', 'x64'],
    ['\tlong unsigned int bx;\n\tlong unsigned int orig_ax;', 'ia32'],
    ['\tunion {\n\t\tstruct user_pt_regs user_regs;\n\t};\n\ts32 syscallno;', 'arm64'],
    ['\tlong unsigned int uregs[18];', 'arm'],
    ['\tpsw_t psw;\n\tlong unsigned int gprs[16];', 's390x'],
    ['\tlong unsigned int gpr[32];\n\tlong unsigned int nip;', 'ppc64'],
    ['\tlong unsigned int epc;\n\tlong unsigned int ra;', 'riscv64'],
    ['\tlong unsigned int regs[32];\n\tlong unsigned int csr_era;', 'loong64'],
    ['\tint what_is_this;', null],
  ])('%j is %s', (members, architecture) => {
    expect(header(members).architecture).toBe(architecture);
  });

  it('without a version is not a problem', () => {
    expect(kernelHeaderProblem(header('\tint what_is_this;'), 'x64')).toBeNull();
    expect(kernelHeaderProblem(readKernelHeader('typedef int x;'), 'arm64')).toBeNull();
  });
});
