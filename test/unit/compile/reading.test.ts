import { describe, expect, it } from 'vitest';
import { parseClangMajor, parseIncludeSearch } from '../../../src/compile/clang';
import { parseDiagnostics, readableOutput } from '../../../src/compile/diagnostics';
import { readNames } from '../../../src/compile/file-names';
import { clangdConfiguration, compileFlags } from '../../../src/compile/flags';
import { parseDependencies } from '../../../src/compile/object-cache';

describe('readNames', () => {
  it('sees identifiers outside comments and literals, over continued lines', () => {
    const { identifiers } = readNames(
      'a // b \\\n c\n/* d */ "e\\"f" \'g\' 0x1h 1e+5i j->k\n#define l(m) m ## n \\\n o\n#if defined(p)\nq\n#endif',
    );
    expect([...identifiers].sort()).toEqual([
      'a',
      'define',
      'defined',
      'endif',
      'if',
      'j',
      'k',
      'l',
      'm',
      'n',
      'o',
      'p',
      'q',
    ]);
  });

  it('reads includes, and reports when only the preprocessor can', () => {
    const lexed = readNames('#include "a b.h"\n #  include <c/d.h> // why\n// #include "no.h"\n');
    expect(lexed.includes).toEqual([
      { name: 'a b.h', angled: false },
      { name: 'c/d.h', angled: true },
    ]);
    expect(lexed.needsPreprocessor).toBe(false);
    expect(readNames('#include HEADER\n').needsPreprocessor).toBe(true);
  });

  it('knows what ## makes', () => {
    expect(readNames('#define A(x, ...) raw_##x##_t + f(x, ##__VA_ARGS__)\n').pastes).toEqual([
      { prefix: 'raw_', suffix: '_t' },
    ]);
    expect(readNames('#define A(x, y) x ## y\n').needsPreprocessor).toBe(true);
    // Parentheses of a body are no parameters.
    expect(readNames('#define A (x ## y)\n').pastes).toEqual([{ prefix: 'xy', suffix: '' }]);
  });

  it('distinguishes what a file defines from what it uses', () => {
    const { definedTags, definedNames } = readNames(`
      struct used *pointer; struct defined { int member; struct inner { int x; } inner; } variable;
      struct __attribute__((packed)) early { u8 a; }; enum colour { RED = KERNEL_ONE, GREEN, };
      typedef unsigned int plain_t; typedef struct { int a; } record_t;
      static const u32 limit = KERNEL_TWO, second[KERNEL_THREE];
      SEC("x") int function(struct arg *a) { int local = KERNEL_FOUR; return local; }
      struct { __uint(type, 1); } map SEC(".maps");`);
    expect([...definedTags].sort()).toEqual(['colour', 'defined', 'early', 'inner']);
    const expected = [
      'GREEN',
      'RED',
      'function',
      'limit',
      'map',
      'pointer',
      'record_t',
      'second',
      'variable',
    ];
    expect([...definedNames].sort()).toEqual(expected);
  });
});

describe("clang's words", () => {
  const text = [
    'In file included from /a/b c.bpf.c:1:',
    "/a/b c.bpf.c:9:36:{9:30-9:35}{9:41-9:44}: error: no member named 'x' [-Wfoo,-Wbar]",
    '        result = thing.y',
    'fix-it:"/a/b c.bpf.c":{9:35-9:36}:"\\"->\\303\\244\\t"',
    '/a/d.h:4:8: note: declared here',
    '/a/b c.bpf.c:12:5:{12:2-12:9}: warning: unused [-Wunused]',
    "clang: error: no such file or directory: 'x'",
    '2 errors generated.',
  ].join('\n');

  it('become diagnostics', () => {
    expect(parseDiagnostics(text)).toEqual([
      {
        file: '/a/b c.bpf.c',
        line: 9,
        column: 36,
        endColumn: 44,
        severity: 'error',
        message: "no member named 'x'",
        flag: '-Wfoo,-Wbar',
        notes: [{ file: '/a/d.h', line: 4, column: 8, message: 'declared here' }],
        fixits: [{ file: '/a/b c.bpf.c', line: 9, column: 35, endLine: 9, endColumn: 36, text: '"->ä\t' }],
      },
      {
        file: '/a/b c.bpf.c',
        line: 12,
        column: 5,
        endColumn: 9,
        severity: 'warning',
        message: 'unused',
        flag: '-Wunused',
        notes: [],
        fixits: [],
      },
      {
        file: '',
        line: 0,
        column: 0,
        severity: 'error',
        message: "no such file or directory: 'x'",
        flag: '',
        notes: [],
        fixits: [],
      },
    ]);
  });

  it('stay readable', () => {
    const readable = readableOutput(text);
    expect(readable).not.toMatch(/fix-it|\{\d+:/);
    expect(readable).toContain("/a/b c.bpf.c:9:36: error: no member named 'x'");
  });

  it('name version, search list and dependencies', () => {
    expect(parseClangMajor('Debian clang version 16.0.6 (15~deb12u1)')).toBe(16);
    expect(parseClangMajor('gcc (Debian) 12.2.0')).toBeNull();
    const search =
      'x\n#include "..." search starts here:\n#include <...> search starts here:\n /a/b c\n /d\nEnd of search list.\n';
    expect(parseIncludeSearch(search)).toEqual(['/a/b c', '/d']);
    expect(parseDependencies('out.o: /a/b\\ c.c \\\n  /d/$$e.h\n')).toEqual(['/a/b c.c', '/d/$e.h']);
  });
});

describe('compileFlags', () => {
  const clang = {
    path: '/usr/bin/clang',
    major: 16,
    version: 'clang version 16.0.6',
    includeFolders: ['/r', '/usr/include'],
  };
  const options = {
    clang,
    vmlinuxFolder: '/v',
    includeFolders: ['/t'],
    libbpfFolder: '/usr/include',
    architecture: 'arm64',
  };

  it('puts the host last and leaves its order alone', () => {
    const flags = compileFlags(options).join(' ');
    expect(flags).toBe(
      '--target=bpf -g -O2 -mcpu=v3 -Wall -D__TARGET_ARCH_arm64 -I /t -I /v -idirafter /r -idirafter /usr/include',
    );
    expect(compileFlags({ ...options, libbpfFolder: '/opt' }).join(' ')).toContain(
      '-I /v -I /opt -idirafter',
    );
  });

  it('configures clangd with the same', () => {
    const yaml = clangdConfiguration(options);
    for (const flag of compileFlags(options)) expect(yaml).toContain(`- ${JSON.stringify(flag)}\n`);
  });
});
