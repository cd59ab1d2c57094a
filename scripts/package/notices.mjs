/** The licences of all bundled code, which they require: one text file in the package. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/paths.mjs';

/** Packages whose files are copied, so that they are in no bundle. */
const copied = ['node_modules/web-tree-sitter', 'node_modules/tree-sitter-c'];

/**
 * The text; throws when a package has no licence.
 * @param {readonly string[]} inputs paths that were bundled, relative to the checkout
 */
export async function thirdPartyNotices(inputs) {
  const folders = inputs.flatMap(input => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  const parts = [];
  for (const folder of [...new Set([...folders, ...copied])].sort()) parts.push(await notice(folder));
  return `BPF Workbench contains parts of the packages below, under the licences given with each.\n\n${parts.join('\n')}`;
}

async function notice(folder) {
  const { name, version, license, homepage } = JSON.parse(
    await readFile(path.join(root, folder, 'package.json'), 'utf8'),
  );
  if (!license) throw new Error(`${folder}/package.json has no licence`);
  const files = (await readdir(path.join(root, folder))).filter(file =>
    /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file),
  );
  const texts = await Promise.all(
    files.sort().map(file => readFile(path.join(root, folder, file), 'utf8').then(text => text.trim())),
  );
  if (texts.length === 0) texts.push(`The package brings no licence text; its package.json says ${license}.`);
  const head = `${'='.repeat(80)}\n${name} ${version}, ${license}${homepage ? `\n${homepage}` : ''}\n${'='.repeat(80)}\n`;
  return `${head}\n${texts.join('\n\n')}\n`;
}
