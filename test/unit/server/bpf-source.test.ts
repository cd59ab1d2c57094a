/** Which C files are BPF programs. */
import { describe, expect, it } from 'vitest';
import { isBpfSource } from '../../../src/shared/bpf/bpf-source';

const is = (path: string, text: string) => isBpfSource(path, () => text);
const PROGRAM = 'SEC("xdp")\nint program(void *ctx)\n{\n\treturn 0;\n}\n';

describe('BPF sources', () => {
  it('are those with these names, whatever their contents', () => {
    expect(is('/a/tool.bpf.c', '')).toBe(true);
    expect(is('/a/maps.bpf.h', '')).toBe(true);
  });

  it.each([
    '#include <bpf/bpf_helpers.h>',
    '#include "vmlinux.h"',
    '#include <vmlinux.h>',
    '#include "bpf_helpers.h"',
    '# include "../libbpf/bpf_helpers.h"',
  ])('are those that include %s and have a section', include => {
    expect(is('/samples/tool_kern.c', `// SPDX\n${include}\n\n${PROGRAM}`)).toBe(true);
    expect(is('/samples/tool_kern.c', `// SPDX\n${include}\n\nint x;\n`)).toBe(false);
  });

  it('are no others', () => {
    expect(is('/a/tool.c', '#include <bpf/libbpf.h>\n#include "tool.skel.h"\nint x;\n')).toBe(false);
    expect(is('/a/kernel.c', `#include <linux/module.h>\n${PROGRAM}`)).toBe(false);
    expect(is('/a/tool.c', `/* like #include "vmlinux.h" */\n${PROGRAM}`)).toBe(false);
    expect(is('/a/tool.cpp', `#include "vmlinux.h"\n${PROGRAM}`)).toBe(false);
  });
});
