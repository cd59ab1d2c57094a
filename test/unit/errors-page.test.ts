/** docs/errors.md has every class of our errors: one that is new needs a table there, or is no user's to read. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

const OUR_CLASS = /class (\w+) extends WorkbenchError/g;
/** UserError is shown with the code of its cause; the command line's two are exit codes (docs/cli.md). */
const WITHOUT_TABLE = ['UserError', 'UsageError', 'RejectedError'];
/** Carry the codes of the table TRACER_ERRORS from one end to the other. */
const OF_THE_TRACER = ['TracerError', 'TracerRequestError'];

it('has the codes of every error class', () => {
  const names = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .flatMap(file => [...readFileSync(path.join(root, 'src', file), 'utf8').matchAll(OUR_CLASS)])
    .map(match => match[1] ?? '');
  const tables = readFileSync(path.join(root, 'scripts/docs/errors-page.mjs'), 'utf8').match(/\w+_ERRORS'/g);
  const ofTables = names.filter(name => ![...WITHOUT_TABLE, ...OF_THE_TRACER].includes(name));
  expect(ofTables.sort()).toEqual([
    'CompileEnvironmentError',
    'ExportError',
    'FileRefusal',
    'ObjectError',
    'SessionError',
    'TemplateError',
    'TraceError',
    'VmError',
  ]);
  // And the tracer's.
  expect(tables).toHaveLength(ofTables.length + 1);
});
