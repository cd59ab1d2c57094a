/** The catalogue of rejections, in the order in which messages are matched. docs/verifier.md is generated from it. */
import { CALLS } from './calls';
import type { CatalogueEntry } from './entry';
import { ENVIRONMENT, UNKNOWN } from './environment';
import { FLOW } from './flow';
import { MEMORY } from './memory';
import { VALUES } from './values';

export { UNKNOWN } from './environment';

/** The first match wins: entries about NULL precede those with the same message about other types. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  ...MEMORY.slice(0, 2),
  ...CALLS,
  ...MEMORY.slice(2),
  ...VALUES,
  ...FLOW,
  ...ENVIRONMENT,
];

export interface Recognised {
  readonly entry: CatalogueEntry;
  readonly sentence: string;
  readonly groups: Readonly<Record<string, string>>;
}

/** The first message that matches an entry; null when none does. */
export function recognise(sentences: readonly string[]): Recognised | null {
  // A failed relocation is reported once more in a later line, with the field's name.
  const relocation = sentences.find(sentence => sentence.startsWith('failed to resolve CO-RE relocation'));
  for (const sentence of relocation ? [relocation] : sentences) {
    for (const entry of CATALOGUE) {
      for (const pattern of entry.sentences) {
        const match = pattern.exec(sentence);
        if (match) return { entry, sentence, groups: withoutHoles(match.groups) };
      }
    }
  }
  return null;
}

/** All entries in documentation order, with the catch-all last. */
export const ALL_ENTRIES: readonly CatalogueEntry[] = [...CATALOGUE, UNKNOWN];

/** The entry for a code; null for a code of another version. */
export function entryOf(code: string): CatalogueEntry | null {
  return ALL_ENTRIES.find(entry => entry.code === code) ?? null;
}

function withoutHoles(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries(groups ?? {}).map(([name, value]) => [name, value ?? '']));
}
