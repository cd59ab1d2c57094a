/** Command lines as a shell reads them, without a shell: nothing is expanded, substituted or run. */
import { type ParseEntry, parse } from 'shell-quote';

/** Longer lines are no command of a compiler. */
const LONGEST_LINE = 64 * 1024;

export interface Step {
  readonly words: readonly string[];
  /** What stands before it: '', '|', '&&', '||', ';', '('. */
  readonly operator: string;
}

/** The commands of a line with what joins them: `cd a && cc -c "b c"`. Redirections are dropped. */
export function stepsOf(line: string): Step[] {
  if (line.length > LONGEST_LINE) return [];
  const steps: { words: string[]; operator: string }[] = [{ words: [], operator: '' }];
  let redirected = false;
  for (const entry of read(line)) {
    if (typeof entry !== 'string' && !('pattern' in entry)) {
      const operator = 'op' in entry ? entry.op : ';';
      redirected = /[<>]/.test(operator);
      if (!redirected) steps.push({ words: [], operator });
    } else if (redirected) redirected = false;
    else steps.at(-1)?.words.push(typeof entry === 'string' ? entry : entry.pattern);
  }
  return steps.filter(({ words }) => words.length > 0);
}

/** The commands of a line, as words. */
export function commandsOf(line: string): (readonly string[])[] {
  return stepsOf(line).map(({ words }) => words);
}

function read(line: string): ParseEntry[] {
  try {
    // A variable keeps its spelling, so that a word with one is recognized.
    return parse(line, name => `\${${name}}`);
  } catch {
    // Syntax that it does not know.
    return [];
  }
}

/** The words of one command; of a line with several, those of the first. */
export function wordsOf(line: string): readonly string[] {
  return commandsOf(line)[0] ?? [];
}

/** Whether these are arguments of a compiler for BPF. */
export function isForBpf(words: readonly string[]): boolean {
  return words.some(
    (word, at) =>
      /^--?target=bpf/.test(word) || (/^--?target$/.test(words[at - 1] ?? '') && /^bpf/.test(word)),
  );
}

/** Whether the words run clang. */
export function runsClang(words: readonly string[]): boolean {
  return words.slice(0, 3).some(word => /(?:^|\/)clang(?:-\d+)?$/.test(word));
}
