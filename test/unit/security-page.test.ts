/** docs/security.md promises nothing that no test holds: each row of its tables names tests, and they exist. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPABILITY_TABLE } from '../../src/session/elevation/capabilities';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/security.md'), 'utf8');

interface Promised {
  readonly sentence: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** Rows of the tables that begin with "| what holds |": the sentence, and `file` "title" for each test. */
function promises(): Promised[] {
  const found: Promised[] = [];
  let inTable = false;
  for (const line of page.split('\n')) {
    if (line.startsWith('| what holds |')) inTable = true;
    else if (!line.startsWith('|')) inTable = false;
    else if (inTable && !line.startsWith('|---')) {
      const [sentence = '', tests = ''] = line.slice(2, -2).split(' | ');
      const named = [...tests.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)];
      found.push({ sentence, tests: named.map(([, file = '', title = '']) => ({ file, title })) });
    }
  }
  return found;
}

const rows = promises();

describe('docs/security.md', () => {
  it('has its promises in tables', () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  it('has the table of capabilities that the code asks for', () => {
    const table = CAPABILITY_TABLE.map(
      ({ capability, when }) => `| \`CAP_${capability.toUpperCase()}\` | ${when} |`,
    );
    expect(page).toContain(`| needed | when |\n|---|---|\n${table.join('\n')}\n\n`);
  });

  it.each(rows)('names tests that exist: $sentence', ({ tests }) => {
    expect(tests).not.toEqual([]);
    for (const { file, title } of tests) {
      expect(existsSync(path.join(root, file)), file).toBe(true);
      expect(readFileSync(path.join(root, file), 'utf8'), `${file}: ${title}`).toContain(title);
    }
  });
});
