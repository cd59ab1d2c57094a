/**
 * Plain English (docs/style.md): finds phrases of the old dialect in code, messages and documents, with what to write
 * instead. Part of `npm run lint`. Exit code 1 when there is one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/paths.mjs';

/** What is not written, and what is instead. A line that quotes one ends with "lint-words: quoted". */
const phrases = [
  [/(?<![`"])\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bthe person\b|\bpersons?\b/i, 'you, or the user'],
  [
    /\b(?<!there )(it|that|which|this|name|value|file|function|program|map) (is|are) no (?!longer\b|more\b)[a-z]/i,
    'is not a',
  ],
  [/\bgives (null|NULL)\b/, 'returns NULL'],
  [/\bmakes? no sense\b/i, 'is not valid'],
  [/\bthe (kernel|verifier) (said|says)\b/i, 'the kernel reported, or reports'],
  [/\bwhoever\b/i, 'the caller, the user, the process that'],
  [/\bstrangers?\b/i, 'untrusted input'],
  [/\bdoors?\b/i, 'entry point, sink, output'],
  [/\bin (its|their) own words\b|\bin words\b/i, 'with its message; as text'],
  [/\bof no use\b/i, 'unusable, not useful'],
  [/\blook-ups?\b/i, 'lookup'],
  [/\band (its|their) like\b/i, 'and the like'],
  [/\blets? it be\b/i, 'leaves it unchanged'],
  [/\bfor want of\b/i, 'without'],
  [/\bpeople (write|type)\b/i, 'the format, or the user'],
  [/\bhave functions? of other names?\b/i, 'are wrapped'],
];
const folders = ['src', 'webview', 'scripts', 'docs', 'bpf-templates', 'snippets'];
const files = ['package.json', 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
/** They name the phrases. */
const itself = new Set(['scripts/lint-words.mjs', 'docs/style.md']);

const tracked = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...folders, ...files],
  {
    cwd: root,
    encoding: 'utf8',
  },
).split('\0');

let found = 0;
for (const file of tracked.filter(name => /\.(ts|mjs|md|json|c|h|css)$/.test(name) && !itself.has(name))) {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.includes('lint-words: quoted')) continue;
    for (const [phrase, instead] of phrases) {
      const hit = phrase.exec(line)?.[0];
      if (hit === undefined) continue;
      found++;
      console.error(`${file}:${index + 1}: "${hit}": write "${instead}" (docs/style.md)`);
    }
  }
}
if (found > 0) process.exitCode = 1;
