// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of CMake
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sortFlags } from '../../../src/project/flag-words';
import { type ProjectFlags, projectFlags } from '../../../src/project/project-flags';
import { commandsOf, wordsOf } from '../../../src/project/shell-words';
import { scratchFolder } from '../compile/toolchain';
import { checkout, PROGRAM } from './projects';

const { folder, remove } = scratchFolder();
afterAll(remove);

function flagsOf(root: string, mayRunMake = true): Promise<ProjectFlags> {
  return projectFlags({
    source: path.join(root, 'one.bpf.c'),
    ...{ wanted: 'auto', mayRunMake, cacheFolder: path.join(folder, 'cache'), architecture: 'x64' },
    given: { includePaths: [], defines: [], compileFlags: [], folder },
  });
}

const BUILD = 'one.bpf.o: one.bpf.c\n\tclang -target bpf -DFOUND -c one.bpf.c -o $@\n';

describe('a dry run of make', () => {
  it('runs nothing: no shell function, no assignment, no marked or recursive line, no rule of an included makefile', async () => {
    const root = checkout(folder, 'acts', {
      'one.bpf.c': PROGRAM,
      Makefile: `SHELL := /bin/bash
A := $(shell touch ROOT/pwned-shell)
B != touch ROOT/pwned-assignment
C := $(shell uname -m; touch ROOT/pwned-uname)
D := $(shell echo x | sed -e 'w ROOT/pwned-sed')
E := $(shell pkg-config --define-variable=a=b --cflags x > ROOT/pwned-redirect)
include made.mk
${BUILD}\t+touch ROOT/pwned-plus
\t$(MAKE) -f ROOT/other.mk
made.mk:
\ttouch ROOT/pwned-made $@
`,
      'other.mk': 'all:\n\ttouch ROOT/pwned-recursive\n',
    });
    const flags = await flagsOf(root);
    expect(flags.from).toBe('make');
    expect(flags.flags).toEqual(['-DFOUND']);
    const written = execFileSync('find', [root, '-name', 'pwned*', '-o', '-name', 'made.mk'], {
      encoding: 'utf8',
    });
    expect(written).toBe('');
  });

  it.each([
    ['override SHELL', 'override SHELL := /bin/sh\nA := $(shell touch ROOT/pwned)\n'],
    [
      'an override in a define',
      'define x\noverride   .SHELLFLAGS = -c\nendef\n$(eval $(x))\nA := $(shell touch ROOT/pwned)\n',
    ],
    ['$(file)', 'A := $(file >ROOT/pwned,x)\n'],
    ['load', 'load ROOT/plugin.so\n'],
    ['load by eval', '$(eval load ROOT/plugin.so)\n'],
    ['an include that does it', 'include more.mk\n'],
  ])('is not made where the makefile could act: %s', async (name, text) => {
    const root = checkout(folder, `acts ${name.replaceAll(/\W/g, '')}`, {
      'one.bpf.c': PROGRAM,
      Makefile: `${text}${BUILD}`,
      'more.mk': 'A := $(file >ROOT/pwned,x)\n',
    });
    const flags = await flagsOf(root);
    expect(flags.from).toBeNull();
    expect(flags.unused[0]?.why).toMatch(/could run commands/);
    expect(existsSync(path.join(root, 'pwned'))).toBe(false);
  });

  it('is not made without trust', async () => {
    const root = checkout(folder, 'untrusted', { 'one.bpf.c': PROGRAM, Makefile: BUILD });
    expect((await flagsOf(root)).from).toBe('make');
    expect((await flagsOf(root, false)).from).toBeNull();
  });

  it('is not made with a makefile of a folder that everybody may write', async () => {
    const shared = path.join(folder, 'shared');
    mkdirSync(path.join(shared, 'project'), { recursive: true });
    execFileSync('chmod', ['1777', shared]);
    writeFileSync(
      path.join(shared, 'Makefile'),
      'project/one.bpf.o:\n\tclang -target bpf -DFOUND -c project/one.bpf.c\n',
    );
    writeFileSync(path.join(shared, 'project/one.bpf.c'), PROGRAM);
    expect((await flagsOf(path.join(shared, 'project'))).from).toBeNull();

    writeFileSync(path.join(shared, 'Makefile'), BUILD);
    writeFileSync(path.join(shared, 'one.bpf.c'), PROGRAM);
    expect(await flagsOf(shared)).toMatchObject({ from: null, root: null, unused: [] });
  });
});

describe('flags from a project', () => {
  it('are a list: what loads code, writes files, changes the target or is not known is left out, with the reason', async () => {
    const root = checkout(folder, 'flags', { 'inc/x.h': '', 'own.h': '' });
    const words = [
      ...[
        'clang',
        '-g',
        '-O2',
        '-target',
        'bpf',
        '-c',
        'one.bpf.c',
        '-o',
        '/etc/passwd',
        '-MD',
        '-MF',
        'dep.d',
      ],
      ...[
        '-Iinc',
        '-I',
        'inc',
        '-isystem',
        'inc',
        '-Igone',
        '-include',
        'own.h',
        '-include',
        '/dev/stdin',
        '-Iinc\0x',
      ],
      ...[
        '-DA=1',
        '-D',
        'B="x y"',
        '-UC',
        '-std=gnu11',
        '-Wall',
        '-Wno-unused',
        '-fno-stack-protector',
        '-mcpu=v4',
      ],
      ...['-D__TARGET_ARCH_arm64', '-Werror', '-mllvm', '-bpf-stack-size=1024', '-mllvm', '-load=x.so'],
      ...[
        '-fplugin=x.so',
        '-fpass-plugin=x.so',
        '-Xclang',
        '-load',
        '-Xclang',
        'x.so',
        '@file',
        '-B/tmp',
        '--sysroot=/x',
      ],
      ...['-Wp,-MD,/etc/x', '-Wl,-x', '-ftime-trace=/etc/x', '-fsave-optimization-record', '-specs=x', '-O0'],
      ...['-Wno-x;y', '--config=x', '-I$(MISSING)', '-resource-dir', 'x', '-D'],
    ];
    const { kept, dropped } = await sortFlags(words, root);
    expect(kept).toEqual([
      ...['-I', `${root}/inc`, '-I', `${root}/inc`, '-isystem', `${root}/inc`, '-include', `${root}/own.h`],
      ...[
        '-DA=1',
        '-DB="x y"',
        '-UC',
        '-std=gnu11',
        '-Wall',
        '-Wno-unused',
        '-fno-stack-protector',
        '-mcpu=v4',
      ],
      ...['-mllvm', '-bpf-stack-size=1024'],
    ]);
    expect(dropped.map(({ flag }) => flag)).toEqual([
      ...[
        '-Igone',
        '-include /dev/stdin',
        '-Iinc\0x',
        '-D__TARGET_ARCH_arm64',
        '-Werror',
        '-mllvm -load=x.so',
      ],
      ...[
        '-fplugin=x.so',
        '-fpass-plugin=x.so',
        '-Xclang -load',
        '-Xclang x.so',
        '@file',
        '-B/tmp',
        '--sysroot=/x',
      ],
      ...['-Wp,-MD,/etc/x', '-Wl,-x', '-ftime-trace=/etc/x', '-fsave-optimization-record', '-specs=x', '-O0'],
      ...['-Wno-x;y', '--config=x', '-I$(MISSING)', '-resource-dir', '-D'],
    ]);
    expect(dropped.every(({ why }) => why.length > 10)).toBe(true);
  });

  it('are arguments of a command, never run by a shell', () => {
    expect(
      commandsOf('cd "a b" && clang -DX=\'"y z"\' $HOME `id` $(id) -o x 2>/dev/null; echo *.c # no'),
    ).toEqual([
      ['cd', 'a b'],
      expect.arrayContaining(['clang', '-DX="y z"', `\${HOME}`]),
      expect.anything(),
      ...[expect.anything(), expect.anything()],
    ]);
    expect(wordsOf('"unclosed')).toEqual(['unclosed']);
  });

  it.each([
    ['compile_commands.json', '{"a":'],
    ['compile_commands.json', '[1, null, {"file": 3}, {"file": "one.bpf.c", "arguments": [1, {}]}]'],
    ['.clangd', 'CompileFlags: {Add: [*a]}\n--- ]['],
    ['.clangd', 'If: {PathMatch: "(a+)+$"}\nCompileFlags: {Add: [-DX]}\n'],
    ['meson.build', "x = [[[[ '--target=bpf', x + x\ny += ["],
    ['CMakeLists.txt', 'add_custom_command(COMMAND x "unclosed ${A${B}}'],
    ['go.mod', ''],
    ['build.rs', 'clang "-I'],
  ])('are none where %s is damaged', async (name, text) => {
    const root = checkout(folder, `damaged ${name} ${text.length}`, { 'one.bpf.c': PROGRAM, [name]: text });
    expect((await flagsOf(root)).flags).toEqual([]);
  });
});
