import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { programSections } from '../../../src/shared/c/program-sections';

const root = path.resolve(import.meta.dirname, '../../..');

describe('programSections', () => {
  it('finds programs by place, section and name; data and comments are none', () => {
    const source = [
      'struct { int x; } m SEC(".maps");',
      '/*',
      'SEC("kprobe/commented")',
      '*/',
      'SEC("?fentry/vfs_read")',
      'BPFW_CHOICE("entry", 0)',
      'int BPF_PROG(vfs_read_entry, struct file *file)',
      '{ return 0; }',
      'SEC("uprobe//bin/bash:readline")',
      'int on_line(void *ctx) { return 0; }',
      'SEC("license") char L[] = "GPL";',
    ].join('\n');
    const found = programSections(source);
    const lineOf = (at: number) => source.slice(0, at).split('\n').length - 1;
    expect(found.map(({ start, section }) => [lineOf(start), section])).toEqual([
      [4, 'fentry/vfs_read'],
      [8, 'uprobe//bin/bash:readline'],
    ]);
    expect(found.map(({ bodyEnd }) => source[(bodyEnd ?? 0) - 1])).toEqual(['}', '}']);
    expect(found[0]?.names.has('vfs_read_entry')).toBe(true);
    expect(found[1]?.names.has('on_line')).toBe(true);
  });

  const templates = path.join(root, 'bpf-templates');
  const programs = readdirSync(templates).filter(name => name !== 'include');
  it.each(programs)('finds every program of %s', name => {
    const source = readFileSync(path.join(templates, name, `${name}.bpf.c`), 'utf8');
    const expected = source.match(/^SEC\("/gm)?.length ?? 0;
    expect(expected).toBeGreaterThan(0);
    expect(programSections(source)).toHaveLength(expected);
  });
});
