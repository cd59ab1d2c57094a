/** .clangd keeps what its author wrote. */
import { describe, expect, it } from 'vitest';
import { hasOwnPart, mergeClangd } from '../../../src/project/clangd-file';

const PART = 'If:\n  PathMatch: .*\\.bpf\\.[ch]\nCompileFlags:\n  Add:\n    - --target=bpf\n';
const THEIRS = 'CompileFlags:\n  Add: [-Wall]\n';

describe('.clangd', () => {
  it('is our part alone where there was no file', () => {
    for (const nothing of [null, '', '\n']) {
      const text = mergeClangd(nothing, PART);
      expect(text).toMatch(/^# BPF Workbench: begin/);
      expect(text).toContain(PART);
      expect(hasOwnPart(text)).toBe(true);
    }
  });

  it('keeps what was there, as a YAML document of its own', () => {
    const text = mergeClangd(THEIRS, PART);
    expect(text.startsWith(`${THEIRS}---\n# BPF Workbench: begin`)).toBe(true);
    expect(mergeClangd(THEIRS.trimEnd(), PART)).toBe(text);
    expect(mergeClangd(`${THEIRS}---\n`, PART)).toBe(text);
  });

  it('replaces its own part only, wherever it stands', () => {
    const once = `${mergeClangd(THEIRS, PART)}---\nDiagnostics:\n  Suppress: [unused]\n`;
    const twice = mergeClangd(
      once,
      PART.replace('--target=bpf', () => '-DNEW=$&'),
    );
    expect(twice).toContain('-DNEW=$&');
    expect(twice).not.toContain('--target=bpf');
    expect(twice.startsWith(THEIRS)).toBe(true);
    expect(twice.endsWith('---\nDiagnostics:\n  Suppress: [unused]\n')).toBe(true);
    expect(mergeClangd(twice, PART)).toBe(once);
  });
});
