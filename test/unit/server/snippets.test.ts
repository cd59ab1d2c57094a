/** Snippets give C that the server itself reads and finds nothing wrong with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSource } from '../../../src/server/source/read-source';

const root = path.resolve(import.meta.dirname, '../../..');
const snippets: Record<string, { prefix: string; description: string; body: string[] }> = JSON.parse(
  readFileSync(path.join(root, 'snippets/bpf-c.json'), 'utf8'),
);

/** What stands in the editor when somebody presses Tab through it all. */
function expand(body: readonly string[]): string {
  const defaults = new Map<string, string>();
  return body
    .join('\n')
    .replace(/\$\{(\d+)\|([^,|]+)[^|]*\|\}/g, (_, index, first) => {
      defaults.set(index, first);
      return first;
    })
    .replace(/\$\{(\d+):([^}]*)\}/g, '$2')
    .replace(/\$\d+/g, '');
}

describe('snippets', () => {
  it('have prefixes of their own that begin alike', () => {
    const prefixes = Object.values(snippets).map(one => one.prefix);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const one of Object.values(snippets)) {
      expect(one.prefix).toMatch(/^bpf-[a-z-]+$/);
      expect(one.description).toMatch(/^[A-Z].*[^.]$/);
    }
  });

  it.each(Object.entries(snippets).filter(([, one]) => one.prefix.startsWith('bpf-map-')))(
    '%s defines a map',
    (_, one) => {
      const { maps } = readSource(expand(one.body));
      expect(maps).toHaveLength(1);
      expect(maps[0]?.fields.find(field => field.name === 'type')?.value).toMatch(/^BPF_MAP_TYPE_\w+$/);
    },
  );

  it('makes a whole program', () => {
    const whole = snippets['BPF program'];
    const model = readSource(expand(whole?.body ?? []));
    expect(model.functions.map(one => [one.name, one.macro, one.section?.name])).toEqual([
      ['on_call', 'BPF_PROG', 'fentry/vfs_read'],
    ]);
    expect(model.functions[0]?.parameters.map(one => one.name)).toEqual(['file']);
    expect(model.variables.map(one => one.literal?.text)).toEqual(['Dual BSD/GPL']);
  });
});
