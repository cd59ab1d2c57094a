import type { Program } from './model';

export interface ChoiceRank {
  readonly rank: number;
  readonly programs: readonly Program[];
}

/** The alternatives of each group (BPFW_CHOICE), lowest rank first. */
export function choiceGroups(programs: readonly Program[]): Map<string, ChoiceRank[]> {
  const groups = new Map<string, ChoiceRank[]>();
  for (const program of programs) {
    if (!program.choice) continue;
    const { group, rank } = program.choice;
    const others = groups.get(group) ?? [];
    const same = others.find(each => each.rank === rank)?.programs ?? [];
    const ranks = [...others.filter(each => each.rank !== rank), { rank, programs: [...same, program] }];
    groups.set(
      group,
      ranks.sort((a, b) => a.rank - b.rank),
    );
  }
  return groups;
}
