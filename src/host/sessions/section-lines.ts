/** Where a C source says SEC("...") of a program. No `vscode`. */

export interface SectionLine {
  /** Zero-based. */
  readonly line: number;
  /** As written, without a leading '?'. */
  readonly section: string;
  /** Every word between the section and the function's body: the program's name is one of them. */
  readonly words: ReadonlySet<string>;
}

const SECTION = /^[ \t]*SEC\("\??([^"\n]+)"\)([^{;]*)/gm;
/** Sections of data (elf(5) names begin with a dot) and those libbpf reads itself. */
const NO_PROGRAM = /^(\.|license$|version$)/;

/** Programs begin a line with their section, as libbpf's own tools have it. Comments do not count. */
export function sectionLines(source: string): SectionLine[] {
  const code = withoutComments(source);
  const lines: SectionLine[] = [];
  for (const match of code.matchAll(SECTION)) {
    const [, section = '', rest = ''] = match;
    if (NO_PROGRAM.test(section)) continue;
    lines.push({
      line: code.slice(0, match.index).split('\n').length - 1,
      section,
      words: new Set(rest.match(/\w+/g) ?? []),
    });
  }
  return lines;
}

/** Comments as spaces, so that lines stay; a string may hold what begins one. */
function withoutComments(source: string): string {
  return source.replace(/"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, text =>
    text.startsWith('"') ? text : text.replace(/[^\n]/g, ' '),
  );
}
