/** The .bpf.c of another engine: programs that are not for it taken out, sections completed, all else as it was. */
import { ExportError } from './model';
import type { ChosenPrograms } from './programs';

/** Throws ExportError 'program-not-found' when a program is not written as SEC("...") before its function. */
export function adaptSource(
  source: string,
  programs: readonly { readonly name: string; readonly section: string }[],
  { kept, dropped }: ChosenPrograms,
): string {
  const edits = programs.map(program => {
    const place = findProgram(source, program.name, program.section);
    if (!place) {
      throw new ExportError(
        'program-not-found',
        `The source does not show where ${program.name} begins: there is no SEC("${program.section}") with that function after it.`,
        'Write the section name as text in SEC("..."), directly before the function.',
      );
    }
    const section = kept.get(program.name);
    return section === undefined
      ? {
          begin: place.begin,
          end: place.end,
          text: `/* ${program.name} (${program.section}) is left out: ${dropped.get(program.name) ?? ''}. */`,
        }
      : { begin: place.begin, end: place.sectionEnd, text: `SEC("${section}")` };
  });
  return edits
    .sort((a, b) => b.begin - a.begin)
    .reduce(
      (text, { begin, end, text: instead }) => text.slice(0, begin) + instead + text.slice(end),
      source,
    );
}

interface Place {
  readonly begin: number;
  /** After SEC("..."). */
  readonly sectionEnd: number;
  /** After the function's closing brace. */
  readonly end: number;
}

function findProgram(source: string, name: string, section: string): Place | null {
  const code = blankComments(source);
  const pattern = /\bSEC\s*\(\s*"\??([^"]*)"\s*\)/g;
  for (const match of code.matchAll(pattern)) {
    if (match[1] !== section) continue;
    const sectionEnd = match.index + match[0].length;
    const open = code.indexOf('{', sectionEnd);
    if (open < 0) continue;
    if (!new RegExp(`\\b${name}\\b`).test(code.slice(sectionEnd, open))) continue;
    const end = closingBrace(code, open);
    if (end !== null) return { begin: match.index, sectionEnd, end };
  }
  return null;
}

const COMMENT_OR_TEXT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Comments as spaces of the same length; texts stay. */
function blankComments(source: string): string {
  return source.replace(COMMENT_OR_TEXT, token =>
    token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token,
  );
}

function closingBrace(code: string, open: number): number | null {
  const plain = code.replace(COMMENT_OR_TEXT, token => token.replace(/[^\n]/g, ' '));
  let depth = 0;
  for (let index = open; index < plain.length; index++) {
    if (plain[index] === '{') depth++;
    else if (plain[index] === '}' && --depth === 0) return index + 1;
  }
  return null;
}
