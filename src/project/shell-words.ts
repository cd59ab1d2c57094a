/** Command lines as a shell reads them, without a shell: nothing is expanded, substituted or run. */
import { type ParseEntry, parse } from 'shell-quote';

/** Longer lines are no command of a compiler. */
const LONGEST_LINE = 64 * 1024;

/** The commands of a line, as words: `cd a && cc -c "b c"` → [['cd', 'a'], ['cc', '-c', 'b c']]. Redirections are dropped. */
export function commandsOf(line: string): string[][] {
  if (line.length > LONGEST_LINE) return [];
  const commands: string[][] = [[]];
  let redirected = false;
  for (const entry of read(line)) {
    if (typeof entry !== 'string' && !('pattern' in entry)) {
      redirected = 'op' in entry && /[<>]/.test(entry.op);
      if (!redirected) commands.push([]);
    } else if (redirected) redirected = false;
    else commands.at(-1)?.push(typeof entry === 'string' ? entry : entry.pattern);
  }
  return commands.filter(words => words.length > 0);
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
export function wordsOf(line: string): string[] {
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
