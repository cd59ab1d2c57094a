/** Enforces the table of rooms in docs/architecture.md: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Room, roomOf, roomsTable } from './rooms';

const root = path.resolve(import.meta.dirname, '../..');

const files = ['src', 'webview', 'scripts'].flatMap(folder =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(ts|tsx|mjs)$/.test(name) && !name.endsWith('.d.ts'))
    .map(name => `${folder}/${name}`),
);

/** Module names of `import`/`export … from`, `import()` and `require()`. */
function importsOf(file: string): string[] {
  const source = readFileSync(path.join(root, file), 'utf8');
  const pattern =
    /(?:^|\s)(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|\s)import\s*['"]([^'"]+)['"]|(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...source.matchAll(pattern)].flatMap(match => match[1] ?? match[2] ?? match[3] ?? []);
}

/** Files of this repository that a file imports. */
function ownImportsOf(file: string): string[] {
  return importsOf(file)
    .filter(name => name.startsWith('.'))
    .map(name => path.posix.join(path.posix.dirname(file), name))
    .flatMap(name =>
      files.filter(each => each === name || each === `${name}.ts` || each === `${name}/index.ts`),
    );
}

/** The files of each circle, found by removing again and again what imports nothing that is left, or is not imported. */
function circles(graph: Map<string, string[]>): string[] {
  for (let before = -1; before !== graph.size; ) {
    before = graph.size;
    const imported = new Set([...graph.values()].flat());
    for (const [file, names] of graph)
      if (!imported.has(file) || !names.some(name => graph.has(name))) graph.delete(file);
  }
  return [...graph].map(([file, names]) => `${file} → ${names.filter(name => graph.has(name)).join(', ')}`);
}

function isAllowed(file: string, room: Room, name: string): boolean {
  if (name.startsWith('.')) {
    const resolved = path.posix.join(path.posix.dirname(file), name);
    return [room.folder, ...room.rooms].some(
      folder => resolved === folder || resolved.startsWith(`${folder}/`),
    );
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

  it('is the table of docs/architecture.md (replaced by: npx vitest run test/unit/layering.test.ts -u)', async () => {
    const page = path.join(root, 'docs/architecture.md');
    const text = readFileSync(page, 'utf8').replace(/^\| room \|.*(\n\|.*)*/m, roomsTable());
    await expect(text).toMatchFileSnapshot(page);
  });

  it('imports in no circle', () => {
    expect(circles(new Map(files.map(file => [file, ownImportsOf(file)])))).toEqual([]);
  });

  it('has folders that import each other in no circle', () => {
    const folders = new Map<string, Set<string>>();
    for (const file of files.filter(one => !one.startsWith('scripts/'))) {
      const folder = path.posix.dirname(file);
      const imported = folders.get(folder) ?? new Set();
      folders.set(folder, imported);
      for (const name of ownImportsOf(file))
        if (path.posix.dirname(name) !== folder) imported.add(path.posix.dirname(name));
    }
    expect(circles(new Map([...folders].map(([folder, names]) => [folder, [...names]])))).toEqual([]);
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
    const users = files.filter(
      file => !file.startsWith('scripts/') && starts.test(readFileSync(path.join(root, file), 'utf8')),
    );
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
