/** The order of the #includes, and a vmlinux.h that lies beside the program, over the protocol. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository, ServerUnderTest, scratch } from './client';

const GPL = 'char LICENSE[] SEC("license") = "GPL";\n';
const folder = scratch();
let server: ServerUnderTest;
let count = 0;

beforeAll(async () => {
  server = await ServerUnderTest.onSmallKernel(folder);
}, 60_000);
afterAll(async () => {
  await server.stopWell();
  rmSync(folder, { recursive: true, force: true });
});

describe('the order of the #includes', () => {
  const problems = async (includes: string) => {
    const name = `order${++count}.bpf.c`;
    const diagnostics = await server.diagnostics(name, `${includes}${GPL}`);
    return { name, diagnostics, list: diagnostics.map(each => each.code) };
  };

  it.each([
    [
      '#include <bpf/bpf_helpers.h>\n#include "vmlinux.h"\n',
      '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n',
    ],
    [
      '#include <bpf/bpf_core_read.h>\n#include <bpf/bpf_tracing.h>\n#include <linux/bpf.h>\n',
      '#include <bpf/bpf_core_read.h>\n#include <linux/bpf.h>\n#include <bpf/bpf_tracing.h>\n',
    ],
  ])('%j is turned', async (before, after) => {
    const { name, diagnostics, list } = await problems(before);
    expect(list).toEqual(['include-order']);
    const [first] = diagnostics;
    const title = `Include ${before.includes('vmlinux') ? 'vmlinux.h' : 'bpf.h'} first`;
    const fixed = first && (await server.fixed(name, first, title));
    expect(fixed).toBe(`${after}${GPL}`);
    expect(await server.diagnostics(name, fixed ?? '')).toEqual([]);
  });

  it.each([
    '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n',
    '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n#include <linux/if_ether.h>\n',
    // It may include what is needed.
    '#include "common.h"\n#include <bpf/bpf_helpers.h>\n#include <linux/bpf.h>\n',
    '#include <bpf/bpf_endian.h>\n#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n',
  ])('%j is right', async includes => {
    expect((await problems(includes)).list).toEqual([]);
  });
});

describe('a vmlinux.h beside the program', () => {
  const ARM = readFileSync(path.join(repository, 'test/fixtures/cases/foreign-vmlinux/vmlinux.h'), 'utf8');
  const RISCV =
    'struct pt_regs {\n\tlong unsigned int epc;\n\tlong unsigned int ra;\n};\nstruct file {\n\tint x;\n};\n';
  const OWN =
    'struct pt_regs {\n\tlong unsigned int r15;\n\tlong unsigned int di;\n};\nstruct file {\n\tint f_flags;\n};\n';
  const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
${GPL}long kept;
SEC("kprobe/vfs_read")
int BPF_KPROBE(on_read, struct file *file, void *buffer, unsigned long count)
{
	kept = count + file->f_flags;
	return 0;
}
`;
  const problems = async (header: string, program = PROGRAM) => {
    const project = path.join(server.folder, `project${++count}`);
    mkdirSync(project, { recursive: true });
    writeFileSync(path.join(project, 'vmlinux.h'), header);
    const uri = pathToFileURL(path.join(project, 'x.bpf.c')).href;
    const found = await server.diagnostics(uri, program);
    return { uri, found: found.filter(each => each.code === 'project-kernel-header') };
  };

  it.each([
    [
      'another architecture’s',
      ARM,
      1,
      /is of arm64 \(struct pt_regs has user_pt_regs, regs\[31\], no di\), and the target is x86-64/,
    ],
    ['another one’s', RISCV, 1, /is of riscv64 \(struct pt_regs has epc, ra, no di\)/],
    ['an empty one', '/* bpftool: not found */\n', 1, /declares no type/],
    [
      'a stub',
      'typedef unsigned int __u32;\nstruct pt_regs {\n\tlong r15;\n};\n',
      2,
      /does not define struct file,/,
    ],
    ['a stub without registers', 'struct file {\n\tint f_flags;\n};\n', 2, /does not define struct pt_regs,/],
  ])('that is %s', async (_what, header, severity, message) => {
    const { uri, found } = await problems(header);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity, range: { start: { line: 0 } } });
    expect(found[0]?.message).toMatch(message);
    const title = 'Use the target kernel’s own: <vmlinux.h>';
    const name = uri;
    const fixes = found[0]
      ? (found[0].data as { fixes: { title: string; edits: { newText: string }[] }[] }).fixes
      : [];
    expect(
      fixes.map(each => each.title),
      name,
    ).toEqual([title]);
    expect(fixes[0]?.edits[0]?.newText).toBe('<vmlinux.h>');
  });

  it('that is this kernel’s is right', async () => {
    expect((await problems(OWN)).found).toEqual([]);
  });

  it('without what the program only points to is right', async () => {
    const opaque = PROGRAM.replace(' + file->f_flags', '');
    expect((await problems(OWN.replace('struct file', 'struct other'), opaque)).found).toEqual([]);
  });
});
