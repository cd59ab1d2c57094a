/** Enforces the table of rooms in docs/architecture.md: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

interface Room {
  readonly folder: string;
  /** Folders of this repository, relative to the root, that may be imported. */
  readonly rooms: readonly string[];
  /** Packages; 'node:' stands for Node's own modules. */
  readonly packages: readonly string[];
}

/** Longest folder first: a file belongs to the first room that holds it. */
const ROOMS: readonly Room[] = [
  { folder: 'src/shared/protocol', rooms: ['src/shared'], packages: ['valibot', 'vscode-jsonrpc'] },
  { folder: 'src/shared/template', rooms: ['src/shared'], packages: ['valibot'] },
  { folder: 'src/shared/export', rooms: ['src/shared'], packages: ['yaml'] },
  { folder: 'src/shared', rooms: ['src/shared'], packages: [] },
  { folder: 'src/system', rooms: ['src/system', 'src/shared'], packages: ['node:'] },
  {
    folder: 'src/templates',
    rooms: ['src/templates', 'src/system', 'src/shared'],
    packages: ['node:', 'valibot'],
  },
  { folder: 'src/compile', rooms: ['src/compile', 'src/system', 'src/shared'], packages: ['node:'] },
  {
    folder: 'src/session',
    rooms: ['src/session', 'src/system', 'src/shared'],
    packages: ['node:', 'vscode-jsonrpc', 'valibot'],
  },
  {
    folder: 'src/guest',
    rooms: ['src/guest', 'src/system', 'src/shared'],
    packages: ['node:', 'vscode-jsonrpc'],
  },
  { folder: 'src/tracer/libbpf', rooms: ['src/tracer', 'src/shared'], packages: ['node:', 'koffi'] },
  {
    folder: 'src/tracer',
    rooms: ['src/tracer', 'src/shared'],
    packages: ['node:', 'vscode-jsonrpc', 'valibot'],
  },
  {
    folder: 'src/server',
    rooms: ['src/server', 'src/compile', 'src/system', 'src/shared'],
    packages: ['node:', 'vscode-languageserver', 'vscode-languageserver-textdocument', 'web-tree-sitter'],
  },
  {
    folder: 'src/host',
    rooms: ['src/host', 'src/compile', 'src/session', 'src/system', 'src/templates', 'src/shared'],
    packages: ['node:', 'vscode', 'vscode-languageclient', 'valibot'],
  },
  {
    folder: 'src/cli',
    rooms: [
      'src/cli',
      'src/compile',
      'src/session',
      'src/system',
      'src/templates',
      'src/shared',
      'package.json',
    ],
    packages: ['node:', 'commander'],
  },
  {
    folder: 'webview/common',
    rooms: ['webview/common', 'src/shared'],
    packages: ['echarts', '@vscode/webview-ui-toolkit'],
  },
];

function roomOf(file: string): Room | null {
  const room = ROOMS.find(candidate => file.startsWith(`${candidate.folder}/`));
  if (room) return room;
  const panel = /^webview\/[^/]+/.exec(file)?.[0];
  return panel
    ? { folder: panel, rooms: [panel, 'webview/common', 'src/shared'], packages: ['echarts'] }
    : null;
}

const files = ['src', 'webview'].flatMap(folder =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(ts|tsx)$/.test(name) && !name.endsWith('.d.ts'))
    .map(name => `${folder}/${name}`),
);

/** Module names of `import`/`export … from`, `import()` and `require()`. */
function importsOf(file: string): string[] {
  const source = readFileSync(path.join(root, file), 'utf8');
  const pattern =
    /(?:^|\s)(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|\s)import\s*['"]([^'"]+)['"]|(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...source.matchAll(pattern)].flatMap(match => match[1] ?? match[2] ?? match[3] ?? []);
}

function isAllowed(file: string, room: Room, name: string): boolean {
  if (name.startsWith('.')) {
    const resolved = path.posix.join(path.posix.dirname(file), name);
    return room.rooms.some(folder => resolved === folder || resolved.startsWith(`${folder}/`));
  }
  if (name.startsWith('node:')) return room.packages.includes('node:');
  return room.packages.some(allowed => name === allowed || name.startsWith(`${allowed}/`));
}

describe('rooms', () => {
  it('holds every source file in a room', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter(file => roomOf(file) === null)).toEqual([]);
  });

  it('imports only along the table', () => {
    const wrong = files.flatMap(file => {
      const room = roomOf(file);
      return room
        ? importsOf(file)
            .filter(name => !isAllowed(file, room, name))
            .map(name => `${file} → ${name}`)
        : [];
    });
    expect(wrong).toEqual([]);
  });

  it('keeps koffi and the archived toolkit in one place each', () => {
    const users = (name: string) =>
      files.filter(file =>
        importsOf(file).some(imported => imported === name || imported.startsWith(`${name}/`)),
      );
    expect(users('koffi').filter(file => !file.startsWith('src/tracer/libbpf/'))).toEqual([]);
    expect(users('@vscode/webview-ui-toolkit').filter(file => file !== 'webview/common/toolkit.ts')).toEqual(
      [],
    );
  });

  it('starts programs in one place, which gives each a minimal environment', () => {
    const starts =
      /^import (?!type\b)[^;]*'node:child_process'|\b(import|require)\(\s*'(node:)?child_process'/m;
    const users = files.filter(file => starts.test(readFileSync(path.join(root, file), 'utf8')));
    expect(users).toEqual(['src/system/child-process.ts']);
  });

  it('sees an import that leaves its room', () => {
    const shared = roomOf('src/shared/btf/btf.ts');
    const panel = roomOf('webview/histogram/main.ts');
    expect(shared && isAllowed('src/shared/btf/btf.ts', shared, 'node:fs')).toBe(false);
    expect(shared && isAllowed('src/shared/btf/btf.ts', shared, '../../compile/clang')).toBe(false);
    expect(panel && isAllowed('webview/histogram/main.ts', panel, '../events/model')).toBe(false);
    expect(panel && isAllowed('webview/histogram/main.ts', panel, '../common/chart')).toBe(true);
  });
});
