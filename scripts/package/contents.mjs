/** Compares a package's files with scripts/package-files.txt, so that no file is added or missing unnoticed. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/paths.mjs';

const listFile = path.join(root, 'scripts/package-files.txt');

/** Paths of the list, one per line; `*` matches any part of a name without a slash, TARGET is the platform. */
export async function allowedFiles(target) {
  return (await readFile(listFile, 'utf8'))
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.replaceAll('TARGET', target));
}

/** Throws when a file matches no line of the list, or a line no file. */
export function compareContents(files, allowed) {
  const patterns = allowed.map(line => ({ line, pattern: asPattern(line) }));
  const unlisted = files.filter(file => !patterns.some(({ pattern }) => pattern.test(file)));
  const missing = patterns.filter(({ pattern }) => !files.some(file => pattern.test(file)));
  const wrong = [
    ...unlisted.map(file => `in the package, not in scripts/package-files.txt: ${file}`),
    ...missing.map(({ line }) => `in scripts/package-files.txt, not in the package: ${line}`),
  ];
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

function asPattern(line) {
  const literal = line
    .split('*')
    .map(part => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('[^/]*');
  return new RegExp(`^${literal}$`);
}
