/** Which functions take no probe, from the order of the symbol table. */
import { describe, expect, it } from 'vitest';
import { untraceableFunctions } from '../../../src/server/kernel/untraceable';

const table = (...symbols: readonly string[]) =>
  symbols.map(symbol => `0000000000000000 ${symbol.startsWith('_') ? 'T' : 't'} ${symbol}\n`).join('');

describe('untraceable functions', () => {
  it('are those between the marks', () => {
    const found = untraceableFunctions(
      table(
        '_stext',
        'vfs_read',
        '__noinstr_text_start',
        'irqentry_enter',
        '__noinstr_text_end',
        'schedule',
      ) +
        table('_sinittext', 'start_kernel', '_einittext', 'later') +
        '0000000000000000 t in_module\t[ext4]\n',
    );
    expect([...found.keys()]).toEqual(['irqentry_enter', 'start_kernel']);
    expect(found.get('irqentry_enter')).toContain('noinstr');
    expect(found.get('start_kernel')).toContain('boots');
  });

  it('leaves out names that stand elsewhere, too, in a module for instance', () => {
    const twice = table('init', '_sinittext', 'init', 'only_here', '_einittext');
    expect([...untraceableFunctions(twice).keys()]).toEqual(['only_here']);
    const module = `${table('_sinittext', 'probe', '_einittext')}0000000000000000 t probe\t[ext4]\n`;
    expect([...untraceableFunctions(module).keys()]).toEqual([]);
  });

  it('reports nothing about a table that is cut off or empty', () => {
    expect(untraceableFunctions(table('_sinittext', 'start_kernel')).size).toBe(0);
    expect(untraceableFunctions('').size).toBe(0);
    expect(untraceableFunctions('0000 T').size).toBe(0);
  });
});
