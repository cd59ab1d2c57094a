/**
 * `npm run docs`: writes the pages that are generated from sources (docs/templates.md from each template.json …), and the
 * figures of pages that have some.
 * `--check` writes nothing and fails when a page is out of date; a unit test runs it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorsPage } from './docs/errors-page.mjs';
import { performancePage, readmePage } from './docs/figures.mjs';
import { templatesPage } from './docs/templates-page.mjs';
import { verifierPage } from './docs/verifier-page.mjs';
import { root } from './lib/paths.mjs';

const pages = [
  { file: 'docs/templates.md', make: templatesPage },
  { file: 'docs/verifier.md', make: verifierPage },
  { file: 'docs/errors.md', make: errorsPage },
  { file: 'docs/performance.md', make: performancePage },
  { file: 'README.md', make: readmePage },
];

const check = process.argv.includes('--check');
const stale = [];
for (const { file, make } of pages) {
  const text = await make(root);
  const target = path.join(root, file);
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present === text) continue;
  stale.push(file);
  if (!check) await writeFile(target, text);
}
if (check && stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}. Fix it with: npm run docs`);
  process.exitCode = 1;
} else {
  console.log(stale.length > 0 ? `written: ${stale.join(', ')}` : 'nothing to write');
}
