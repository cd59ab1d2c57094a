/**
 * Logs as kernels wrote them (6.1 and 6.12: recorded by test/kernel/verifier; 7.3 and other: written by their grammar), explained
 * from the log and, where there is one, its C source. npm run golden writes expected/ anew: read the difference.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const root = path.resolve(import.meta.dirname, '../../..');
const fixtures = path.join(root, 'test/fixtures/verifier');
const programs = path.join(root, 'test/kernel/verifier/programs');
const kernel = path.join(root, 'test/kernel/verifier/expected');
const update = process.env.BPFW_UPDATE_GOLDEN === '1';

const logs = readdirSync(fixtures).flatMap(folder =>
  readdirSync(path.join(fixtures, folder)).map(file => `${folder}/${file.replace(/\.log$/, '')}`),
);

function explain(name: string) {
  const file = `${path.basename(name)}.bpf.c`;
  const source = path.join(programs, file);
  return explainLog(readFileSync(path.join(fixtures, `${name}.log`), 'utf8'), {
    ...(existsSync(source) ? { source: { file, text: readFileSync(source, 'utf8') } } : {}),
  });
}

describe('logs, explained', () => {
  it.each(logs)('%s', name => {
    const found = explain(name);
    const file = path.join(import.meta.dirname, 'expected', `${name}.json`);
    if (update) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
    }
    expect(found).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  /**
   * Lines are found in the source by their text; with the object they are exact, columns included. What was too long for
   * its log has its reason in another one.
   */
  it.each(logs.filter(name => name.startsWith('6.') && !name.endsWith('/too-many-instructions')))(
    '%s says the same with the object, but for columns',
    name => {
      const live = JSON.parse(readFileSync(path.join(kernel, `${name}.json`), 'utf8'));
      const exact = live.rejected[0].diagnostics[0];
      const [found] = explain(name).flatMap(each => each.diagnostics);
      expect(found).toMatchObject({ code: exact.code, file: exact.file });
      if (found && (found.line ?? 0) > 1 && exact.related.length > 0) expect(found.line).toBe(exact.line);
    },
  );
});
