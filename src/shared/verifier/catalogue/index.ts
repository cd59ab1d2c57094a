/** The catalogue of rejections, in the order in which messages are matched. docs/verifier.md is generated from it. */
import { CALLS } from './calls';
import type { CatalogueEntry } from './entry';
import { ENVIRONMENT, UNKNOWN, UNKNOWN_TO_LOADER } from './environment';
import { FLOW } from './flow';
import { LOADING } from './loading';
import { MEMORY } from './memory';
import { OBJECTS } from './objects';
import { VALUES } from './values';

export { UNKNOWN, UNKNOWN_TO_LOADER } from './environment';

/** The first match wins: entries about NULL and faults of the verifier precede those with the same words about other things. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  ...MEMORY.slice(0, 2),
  ...OBJECTS.slice(0, 1),
  ...CALLS,
  ...OBJECTS.slice(1),
  ...MEMORY.slice(2),
  ...VALUES,
  ...FLOW,
  ...ENVIRONMENT,
  ...LOADING,
];

export interface Recognised {
  readonly entry: CatalogueEntry;
  readonly sentence: string;
  readonly pattern: RegExp;
  readonly groups: Readonly<Record<string, string>>;
}

/** The first message that matches an entry; null when none does. */
export function recognise(sentences: readonly string[]): Recognised | null {
  // A failed relocation is reported once more in a later line, with the field's name.
  const relocation = sentences.find(sentence => sentence.startsWith('failed to resolve CO-RE relocation'));
  for (const sentence of relocation ? [relocation] : sentences) {
    for (const entry of CATALOGUE) {
      const found = recogniseAs(entry, sentence);
      if (found) return found;
    }
  }
  return null;
}

/** Of a loader's messages the one that comes first in the catalogue: errnos, which it repeats after each failure, are last. */
export function recogniseAny(sentences: readonly string[]): Recognised | null {
  for (const entry of CATALOGUE) {
    for (const sentence of sentences) {
      const found = recogniseAs(entry, sentence);
      if (found) return found;
    }
  }
  return null;
}

function recogniseAs(entry: CatalogueEntry, sentence: string): Recognised | null {
  for (const pattern of entry.sentences) {
    const match = pattern.exec(sentence);
    if (match) return { entry, sentence, pattern, groups: withoutHoles(match.groups) };
  }
  return null;
}

/**
 * Whether a line is a sentence of the kernel's: 'surely' one by its beginning, wherever the line is; 'maybe' one by words in
 * it, which only its place can tell from another program's.
 */
export function isKernelSentence(text: string): 'surely' | 'maybe' | 'unknown' {
  if (!KERNEL_SENTENCE.some(pattern => pattern.test(text))) return 'unknown';
  const found = recognise([text]);
  if (found === null || found.entry.by === 'loader') return 'unknown';
  return found.pattern.source.startsWith('^') ? 'surely' : 'maybe';
}

/** All of the kernel's patterns at once: most lines of a pasted text are none of its sentences. */
const KERNEL_SENTENCE: readonly RegExp[] = ['', 'i'].map(flags => {
  const patterns = CATALOGUE.filter(entry => entry.by !== 'loader').flatMap(entry => entry.sentences);
  const sources = patterns.filter(pattern => pattern.flags === flags).map(pattern => pattern.source);
  return new RegExp(sources.join('|').replace(/\(\?<(?![=!])\w+>/g, '(?:'), flags);
});

/** All entries in documentation order, with the catch-all last. */
export const ALL_ENTRIES: readonly CatalogueEntry[] = [...CATALOGUE, UNKNOWN_TO_LOADER, UNKNOWN];

/** The entry for a code; null for a code of another version. */
export function entryOf(code: string): CatalogueEntry | null {
  return ALL_ENTRIES.find(entry => entry.code === code) ?? null;
}

function withoutHoles(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries(groups ?? {}).map(([name, value]) => [name, value ?? '']));
}
