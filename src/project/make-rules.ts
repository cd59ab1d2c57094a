/** The rules that `make -p` prints, and which of their targets may be made from a source. */
import path from 'node:path';

export interface Rule {
  readonly target: string;
  readonly prerequisites: readonly string[];
  /** Not expanded. */
  readonly recipe: string;
}

const MOST_GOALS = 6;

/** Each rule of make's data base: explicit ones, and patterns with % in their target. */
export function rulesIn(database: string): Rule[] {
  return database.split('\n\n').flatMap((block): Rule[] => {
    const lines = block.split('\n');
    const head = lines
      .map(line => /^([^#\t\n=:]+):{1,2}(?![:=])([^=]*)$/.exec(line))
      .find(found => found !== null);
    if (!head) return [];
    const [, targets = '', names = ''] = head;
    const recipe = lines.filter(line => line.startsWith('\t')).join('\n');
    const prerequisites = names.split(/[\s|]+/).filter(name => name !== '');
    return targets
      .trim()
      .split(/\s+/)
      .map(target => ({ target, prerequisites, recipe }));
  });
}

/** Targets that have the source as a prerequisite, then those whose recipe names clang or BPF; at most a few. */
export function goalsFor(folder: string, source: string, rules: readonly Rule[]): string[] {
  const fromSource = rules.flatMap(({ target, prerequisites }) =>
    prerequisites.flatMap(name => {
      const stem = stemOf(name, folder, source);
      return stem === null ? [] : [target.replace('%', stem)];
    }),
  );
  const withClang = rules.filter(rule => !/[%\s]/.test(rule.target) && /clang|bpf/i.test(rule.recipe));
  const goals = [...fromSource, ...withClang.map(({ target }) => target)];
  return [...new Set(goals)].filter(goal => !/^[.-]/.test(goal) || goal.includes('/')).slice(0, MOST_GOALS);
}

/** What % stands for where the prerequisite is the source; '' where it is the source without a pattern. */
function stemOf(prerequisite: string, folder: string, source: string): string | null {
  const [before = '', after] = path.resolve(folder, prerequisite).split('%');
  if (after === undefined) return before === source ? '' : null;
  const fits =
    source.startsWith(before) && source.endsWith(after) && source.length > before.length + after.length;
  return fits ? source.slice(before.length, source.length - after.length) : null;
}
