/** Where C text has SEC("...") before a function, without a parser. */
import { isDataSection } from '../bpf/section-kinds';
import { closingIndex, lex } from './lexer';

export interface ProgramSection {
  /** As written, without a leading '?'. */
  readonly section: string;
  /** UTF-16 offsets of SEC("..."). */
  readonly start: number;
  readonly end: number;
  /** Every name between the section and the function's body: the function's is one of them. */
  readonly names: ReadonlySet<string>;
  /** Behind the closing brace of the body; null when there is none yet. */
  readonly bodyEnd: number | null;
}

/** In the order of the text; comments and macros do not count. */
export function programSections(text: string): ProgramSection[] {
  const { tokens } = lex(text);
  return tokens.flatMap((macro, index): ProgramSection[] => {
    const [open, literal, close] = tokens.slice(index + 1, index + 4);
    if (macro.text !== 'SEC' || open?.text !== '(' || literal?.kind !== 'text' || close?.text !== ')')
      return [];
    const section = literal.text.replace(/^"\??|"$/g, '');
    if (isDataSection(section)) return [];
    const next = tokens.findIndex((token, at) => at > index && (token.text === '{' || token.text === ';'));
    const last = next < 0 ? tokens.length : next;
    const head = tokens.slice(index + 4, last).filter(token => token.kind === 'name');
    const body = tokens[last]?.text === '{' ? closingIndex(tokens, last) : -1;
    return [
      {
        section,
        start: macro.start,
        end: close.end,
        names: new Set(head.map(token => token.text)),
        bodyEnd: tokens[body]?.end ?? null,
      },
    ];
  });
}
