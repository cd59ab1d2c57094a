/** The .bpf.c for another engine: unsupported programs removed, sections completed, everything else unchanged. */
import { programSections } from '../c/program-sections';
import { ExportError } from './model';
import type { ChosenPrograms } from './programs';

/** Throws ExportError 'program-not-found' when a program has no SEC("...") before its function. */
export function adaptSource(
  source: string,
  programs: readonly { readonly name: string; readonly section: string }[],
  { kept, dropped }: ChosenPrograms,
): string {
  const places = programSections(source);
  const edits = programs.map(program => {
    const place = places.find(one => one.section === program.section && one.names.has(program.name));
    if (!place?.bodyEnd) {
      throw new ExportError(
        'program-not-found',
        `${program.name} was not found in the source: there is no SEC("${program.section}") followed by that function.`,
        { text: 'Write the section name as a literal in SEC("..."), directly before the function.' },
      );
    }
    const section = kept.get(program.name);
    return section === undefined
      ? {
          begin: place.start,
          end: place.bodyEnd,
          text: `/* ${program.name} (${program.section}) is omitted: ${dropped.get(program.name) ?? ''}. */`,
        }
      : { begin: place.start, end: place.end, text: `SEC("${section}")` };
  });
  return edits
    .sort((a, b) => b.begin - a.begin)
    .reduce(
      (text, { begin, end, text: instead }) => text.slice(0, begin) + instead + text.slice(end),
      source,
    );
}
