/** package.json and src/host/common/command-ids.ts say the same, and what the manifest names exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CommandIds,
  ContextKeys,
  PROBLEM_OWNER,
  panelViewId,
  SettingIds,
  TASK_TYPE,
  ViewIds,
} from '../../src/host/common/command-ids';
import { PANELS } from '../../src/shared/object/panels';

const root = path.resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const contributes = manifest.contributes;

const sorted = (values: Iterable<string>) => [...values].sort();

/** Links of welcome texts and steps: [Label](command:ID). */
function checkLinks(text: string): void {
  const ofVscode = ['workbench.trust.manage'];
  const links = [...text.matchAll(/\]\(command:([\w.]+)/g)].map(match => match[1] ?? '');
  expect(links.length, text).toBeGreaterThan(0);
  for (const link of links) expect([...Object.values<string>(CommandIds), ...ofVscode], text).toContain(link);
}

/** A line of scripts/package-files.txt: `*` stands for any part of a name. */
function fits(line: string, file: string): boolean {
  const [before = '', after] = path.basename(line).split('*');
  const name = path.basename(file);
  return after === undefined ? name === before : name.startsWith(before) && name.endsWith(after);
}

describe('manifest', () => {
  it('contributes exactly the commands the code knows, all in category BPF', () => {
    const commands: { command: string; category: string; title: string }[] = contributes.commands;
    expect(sorted(commands.map(entry => entry.command))).toEqual(sorted(Object.values(CommandIds)));
    for (const entry of commands)
      expect(entry).toMatchObject({ category: 'BPF', title: expect.stringMatching(/\S/) });
  });

  it('names in menus only commands it contributes', () => {
    const known = new Set<string>(Object.values(CommandIds));
    for (const [menu, entries] of Object.entries<{ command: string }[]>(contributes.menus)) {
      for (const entry of entries) expect(known, menu).toContain(entry.command);
    }
  });

  it('contributes exactly the views the code knows', () => {
    const views = Object.values<{ id: string }[]>(contributes.views).flat();
    expect(sorted(views.map(view => view.id))).toEqual(
      sorted([...Object.values(ViewIds), ...PANELS.map(panelViewId)]),
    );
  });

  it('contributes exactly the settings the code reads, each described and scoped', () => {
    const properties: Record<string, { scope?: string; description?: string; markdownDescription?: string }> =
      contributes.configuration.properties;
    expect(sorted(Object.keys(properties))).toEqual(sorted(Object.values(SettingIds)));
    for (const [id, property] of Object.entries(properties)) {
      expect(property.scope, id).toBeDefined();
      expect(property.description ?? property.markdownDescription, id).toMatch(/\S/);
      if (id.endsWith('Path')) expect(property.scope, id).toBe('machine');
    }
  });

  it('allows a workspace to set only what decides neither what runs, nor where, nor with which rights', () => {
    // Each with the reason why it may come with somebody's files.
    const ofWorkspace: Record<string, string> = {
      'bpf.events.maxMegabytes':
        'memory of one stream, within the bounds 1 to 1024 that settings.ts enforces; trusted only',
      'bpf.compileOnSave':
        'whether clang runs unasked on a file that is open; trusted only, and clang is limited',
      'bpf.includePaths': 'where clang looks for headers; trusted only',
      'bpf.defines': 'macros; trusted only',
      'bpf.compileFlags':
        'flags of the list in project/flag-words.ts, which load no code and write no file; trusted only',
      'bpf.flagsFrom': 'which build file is read; trusted only, and make runs nothing of the project',
      'bpf.codeLens': 'whether lines are shown in the editor',
    };
    const properties: Record<string, { scope: string }> = contributes.configuration.properties;
    const settable = Object.keys(properties).filter(
      id => !['machine', 'application'].includes(properties[id]?.scope ?? ''),
    );
    expect(sorted(settable)).toEqual(sorted(Object.keys(ofWorkspace)));
    // Without trust a workspace says nothing but how the editor looks.
    const restricted: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    expect(sorted([...restricted, 'bpf.codeLens'])).toEqual(sorted(Object.keys(properties)));
  });

  it('uses in when clauses only context keys that the code sets or VS Code has', () => {
    const keys = new Set<string>([
      ...Object.values(ContextKeys),
      ...Object.values(ViewIds),
      ...PANELS.map(panelViewId),
    ]);
    const used = JSON.stringify([
      contributes.menus,
      contributes.commands,
      contributes.viewsWelcome,
      contributes.walkthroughs,
    ]).matchAll(/(?:(?:when|enablement)":|onContext:)"?((?:[^"\\]|\\.)*)"/g);
    for (const [, clause = ''] of used) {
      const withoutRegexes = clause.replace(/\/\^?(?:[^/\\]|\\.)*\//g, '');
      for (const [key] of withoutRegexes.matchAll(/\bbpf\.[A-Za-z]+/g)) expect(keys, clause).toContain(key);
    }
  });

  it('welcomes in every view of its own and links only to commands that exist', () => {
    const welcomes: { view: string; contents: string }[] = contributes.viewsWelcome;
    // Pages greet by themselves; only a tree is empty.
    for (const view of Object.values(ViewIds))
      expect(
        welcomes.map(welcome => welcome.view),
        view,
      ).toContain(view);
    for (const { contents } of welcomes) checkLinks(contents);
  });

  it('walks through steps that are completed by doing them', () => {
    const steps = contributes.walkthroughs.flatMap((walkthrough: { steps: unknown[] }) => walkthrough.steps);
    expect(steps.length).toBeGreaterThan(4);
    for (const { id, description, media, completionEvents } of steps) {
      checkLinks(description);
      expect(existsSync(path.join(root, media.markdown)), id).toBe(true);
      expect(completionEvents.length, id).toBeGreaterThan(0);
      for (const event of completionEvents) {
        const [, kind, argument = ''] = /^(onCommand|onContext):(.+)$/.exec(event) ?? [];
        if (kind === 'onCommand') expect(Object.values<string>(CommandIds), id).toContain(argument);
        else expect(Object.values<string>(ContextKeys), id).toContain(argument.split(' ')[0]);
      }
    }
  });

  it('has one task type and one problem owner', () => {
    expect(contributes.taskDefinitions.map((entry: { type: string }) => entry.type)).toEqual([TASK_TYPE]);
    expect(contributes.problemMatchers.map((entry: { owner: string }) => entry.owner)).toEqual([
      PROBLEM_OWNER,
    ]);
  });

  it('starts for a language, a view or a command only', () => {
    for (const event of manifest.activationEvents) expect(event).toMatch(/^on(Language|View|Command):/);
    expect(manifest.extensionKind).toEqual(['workspace']);
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe(false);
  });

  it('names only files that exist', () => {
    const files = [
      manifest.icon,
      manifest.main.replace('./dist/', 'src/host/').replace('.js', '.ts'),
      ...contributes.grammars.map((entry: { path: string }) => entry.path),
      ...[...contributes.viewsContainers.activitybar, ...contributes.viewsContainers.panel].map(
        (entry: { icon: string }) => entry.icon,
      ),
    ];
    for (const file of files) expect(existsSync(path.join(root, file)), file).toBe(true);
  });

  it('names only files that a package holds', () => {
    const lines = readFileSync(path.join(root, 'scripts/package-files.txt'), 'utf8').split('\n');
    const named = new Set<string>();
    JSON.stringify(contributes, (_key, value) => {
      if (typeof value === 'string' && /^(\.\/)?(media|syntaxes|snippets)\//.test(value))
        named.add(path.normalize(value));
      return value;
    });
    expect(named.size).toBeGreaterThan(5);
    for (const file of named) {
      expect(existsSync(path.join(root, file)), file).toBe(true);
      expect(
        lines.some(line => path.posix.dirname(line) === path.dirname(file) && fits(line, file)),
        file,
      ).toBe(true);
    }
  });

  it('has every bundle of the build in the package', () => {
    const lines = readFileSync(path.join(root, 'scripts/package-files.txt'), 'utf8').split('\n');
    const build = readFileSync(path.join(root, 'esbuild.mjs'), 'utf8');
    const bundles = [...build.matchAll(/(?:outFile\(|out: )'([\w-]+\.js)'/g)].map(
      match => `dist/${match[1]}`,
    );
    expect(bundles).toContain('dist/extension.js');
    // Every folder of webview/ but what they share is a page.
    const pages = readdirSync(path.join(root, 'webview'), { withFileTypes: true })
      .filter(entry => entry.isDirectory() && entry.name !== 'common')
      .flatMap(({ name }) => [`dist/webview/${name}.js`, `dist/webview/${name}.css`]);
    expect(pages).toContain('dist/webview/histogram.js');
    for (const bundle of [...bundles, ...pages]) expect(lines).toContain(bundle);
  });

  it('matches clang diagnostics with $bpf-clang', () => {
    const pattern = new RegExp(contributes.problemPatterns[0].regexp);
    const match = pattern.exec("/ws/a b/x.bpf.c:12:5: error: use of undeclared identifier 'y'");
    expect(match?.slice(1)).toEqual([
      '/ws/a b/x.bpf.c',
      '12',
      '5',
      'error',
      "use of undeclared identifier 'y'",
    ]);
    expect(pattern.exec("x.bpf.c:1:10: fatal error: 'vmlinux.h' file not found")?.[4]).toBe('error');
  });
});
