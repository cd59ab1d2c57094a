import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sectionLines } from '../../../src/host/sessions/section-lines';

const root = path.resolve(import.meta.dirname, '../../..');

describe('sectionLines', () => {
  it('finds programs by line, section and name; data and comments are none', () => {
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
    const found = sectionLines(source);
    expect(found.map(({ line, section }) => [line, section])).toEqual([
      [4, 'fentry/vfs_read'],
      [8, 'uprobe//bin/bash:readline'],
    ]);
    expect(found[0]?.words.has('vfs_read_entry')).toBe(true);
    expect(found[1]?.words.has('on_line')).toBe(true);
  });

  const templates = path.join(root, 'bpf-templates');
  const programs = readdirSync(templates).filter(name => name !== 'include');
  it.each(programs)('finds every program of %s', name => {
    const source = readFileSync(path.join(templates, name, `${name}.bpf.c`), 'utf8');
    const expected = source.match(/^SEC\("/gm)?.length ?? 0;
    expect(expected).toBeGreaterThan(0);
    expect(sectionLines(source)).toHaveLength(expected);
  });
});
