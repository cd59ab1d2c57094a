/** A template is proven by numbers that its workload makes known: each has a test in the guest, or this one fails. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readTemplates } from './folders';

const folder = path.resolve(__dirname, '../../kernel/templates');
/** attach-points.test.ts runs over all of them and proves no numbers. */
const tests = readdirSync(folder)
  .filter(file => file.endsWith('.test.ts') && file !== 'attach-points.test.ts')
  .map(file => readFileSync(path.join(folder, file), 'utf8'))
  .join('\n');

it.each(readTemplates())('$name has a ground-truth test in the guest', ({ name }) => {
  expect(tests).toContain(`\ndescribe('${name}', () => {\n`);
  expect(tests).toContain(`program: '${name}'`);
});
