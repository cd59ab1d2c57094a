import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { compileInProject } from '../../../src/project/compile-in-project';
import { type GivenTypes, readGivenTypes } from '../../../src/project/given-types';
import type { WantedSource } from '../../../src/project/project-flags';
import { scratchFolder, smallKernel } from '../compile/toolchain';
import { checkout, FAMILIES, HEADER, PROGRAM } from './projects';

const { folder, remove } = scratchFolder();
afterAll(remove);
const btf = smallKernel(folder);
const cacheFolder = path.join(folder, 'cache');

async function compiled(
  source: string,
  wanted: WantedSource,
  choose = (_folders: readonly string[]): string | null => null,
  types: GivenTypes | null = null,
) {
  return compileInProject({
    sourcePath: source,
    ...{ btf, cacheFolder, clang: await findClang() },
    ...{ architecture: 'x64', types },
    project: {
      ...{ wanted, mayRunMake: true },
      given: { includePaths: [], defines: [], compileFlags: [], folder },
    },
    chooseFolder: (_header, folders) => choose(folders),
  });
}

describe('the flags of a project', () => {
  for (const [name, family] of Object.entries(FAMILIES)) {
    it(`are those of ${name}`, async () => {
      const root = checkout(folder, name.replaceAll(' ', '-'), family.files);
      const source = path.join(root, family.source);
      const { result, flags } = await compiled(source, 'auto');
      expect(flags.from, JSON.stringify(flags, null, 1)).toBe(family.from);
      expect(result.output).toBe('');
      expect(result.ok).toBe(true);
      expect(flags.flags).toContain('-DLEVEL=3');

      expect((await compiled(source, 'none')).result.ok).toBe(false);
    });
  }

  it('are none in a bare folder; headers beside and above are offered, nearest first', async () => {
    const root = checkout(folder, 'bare', {
      'src/one.bpf.c': PROGRAM.replace('"level.h"', '"common/level.h"'),
      'lib/arm64/common/level.h': HEADER,
      'lib/common/level.h': HEADER.replace('!= 3', '!= 9'),
      'src/inc/common/level.h': '#define LEVEL 3\n#include "deep.h"\n',
      'other/deep.h': HEADER,
    });
    const source = path.join(root, 'src/one.bpf.c');
    expect((await compiled(source, 'auto')).result.ok).toBe(false);

    const asked: (readonly string[])[] = [];
    const { result, added } = await compiled(source, 'auto', folders => {
      asked.push(folders);
      return folders[0] ?? null;
    });
    expect(result.output).toBe('');
    expect(asked).toEqual([[path.join(root, 'src/inc'), path.join(root, 'lib')], [path.join(root, 'other')]]);
    expect(added).toEqual([path.join(root, 'src/inc'), path.join(root, 'other')]);
  });

  it("end with libbpf's headers of a submodule, which win over the system's", async () => {
    const root = checkout(folder, 'submodule', {
      '.gitmodules': '[submodule "libbpf"]\n\tpath = third_party/libbpf\n\turl = x\n',
      'src/one.bpf.c': PROGRAM.replace('#include "level.h"', '').replace('the_level', 'OF_THE_SUBMODULE'),
      'third_party/libbpf/src/bpf_helpers.h':
        '#define SEC(name) __attribute__((section(name), used))\n#define OF_THE_SUBMODULE 1\n',
      'third_party/libbpf/src/bpf_helper_defs.h': '',
    });
    const { result, flags } = await compiled(path.join(root, 'src/one.bpf.c'), 'auto');
    expect(result.output).toBe('');
    expect(flags.libbpfFolder).toContain(cacheFolder);
  });

  it("include libbpf's headers without their folder, and the C library's, as older programs do", async () => {
    const root = checkout(folder, 'older', {
      'one.c':
        '#include <uapi/linux/bpf.h>\n#include <uapi/linux/ptrace.h>\n#include <stdint.h>\n#include <string.h>\n#include "bpf_helpers.h"\nchar _license[] SEC("license") = "GPL";\nSEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }\n',
    });
    // Nothing is asked: the system has them.
    const { result, added } = await compiled(path.join(root, 'one.c'), 'auto');
    expect(result.output).toBe('');
    expect(result.header).toBe('none');
    expect(added).toEqual([]);
  });

  it('are those of the kernel inside its tree, where make has no command', async () => {
    const root = checkout(folder, 'kernel', {
      'include/linux/kconfig.h': '',
      'tools/lib/bpf/bpf_helpers.h':
        '#include "bpf_helper_defs.h"\n#define SEC(name) __attribute__((section(name), used))\n',
      'tools/testing/selftests/bpf/Makefile': 'include ../../../build/Build.include\n',
      'tools/testing/selftests/bpf/bpf_misc.h': '#define __naked __attribute__((naked))\n',
      'tools/testing/selftests/bpf/progs/one.c':
        '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n#include "bpf_misc.h"\nchar _license[] SEC("license") = "GPL";\nSEC("xdp") int pass(struct xdp_md *ctx) { return bpf_get_prandom_u32(); }\n',
    });
    const { result, flags } = await compiled(
      path.join(root, 'tools/testing/selftests/bpf/progs/one.c'),
      'auto',
    );
    expect(result.output).toBe('');
    expect(flags.from).toBe('kernel');
    expect(flags.libbpfFolder).toBe(path.join(root, 'tools/lib'));
  });

  it('name the libbpf with a macro that the headers lack, and the member that the kernel lacks', async () => {
    const root = checkout(folder, 'newer', {
      'lib/bpf/bpf_helpers.h': '#define SEC(name) __attribute__((section(name), used))\n',
      'lib/bpf/libbpf_version.h': '#define LIBBPF_MAJOR_VERSION 1\n#define LIBBPF_MINOR_VERSION 1\n',
      'compile_flags.txt': '-Ilib\n',
      'macro.bpf.c':
        '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nSEC("uprobe")\nint BPF_UPROBE(handle, struct thing *t)\n{\n\treturn 0;\n}\n',
      'member.bpf.c':
        '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nstruct own { int a; };\nSEC("raw_tp/x")\nint handle(struct thing *t)\n{\n\tstruct own o = {};\n\treturn t->of_a_newer_kernel + o.b;\n}\n',
    });
    const macro = (await compiled(path.join(root, 'macro.bpf.c'), 'auto')).result;
    expect(macro.diagnostics[0]).toMatchObject({ line: 4, severity: 'error' });
    expect(macro.diagnostics[0]?.message).toMatch(
      /^BPF_UPROBE is in libbpf 1\.2 and newer; .* are of 1\.1\. BPF_KPROBE/,
    );
    expect(macro.output).toContain('BPF_UPROBE is in libbpf 1.2');

    const { diagnostics } = (await compiled(path.join(root, 'member.bpf.c'), 'auto')).result;
    const ours = diagnostics.filter(({ message }) => message.startsWith("The target's kernel"));
    expect(ours.map(({ message }) => message.split('.')[0])).toEqual([
      "The target's kernel has no member of_a_newer_kernel in struct thing",
    ]);
  });

  it('are joined by the types that the user gives: BTF, or a header', async () => {
    const root = checkout(folder, 'types', {
      'given.h':
        '#pragma once\nstruct thing { int of_a_newer_kernel; } __attribute__((preserve_access_index));\n',
      'one.bpf.c':
        '#include "vmlinux.h"\n#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\nSEC("raw_tp/x")\nint handle(struct thing *t)\n{\n\treturn t->of_a_newer_kernel;\n}\n',
    });
    const source = path.join(root, 'one.bpf.c');
    expect((await compiled(source, 'auto')).result.ok).toBe(false);
    const types = await readGivenTypes(path.join(root, 'given.h'), cacheFolder);
    const { result } = await compiled(source, 'auto', () => null, types);
    expect(result.output).toBe('');
    expect(result.header).toBe('own');

    const plain = path.join(root, 'plain.bpf.c');
    writeFileSync(plain, PROGRAM.replace('#include "level.h"', '').replace('the_level', '1'));
    const object = await readGivenTypes(path.join(folder, 'kernel.o'), cacheFolder);
    expect('btf' in object).toBe(true);
    expect((await compiled(plain, 'auto', () => null, object)).result.header).toBe('reduced');
  });
});
