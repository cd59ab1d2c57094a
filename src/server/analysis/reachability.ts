import { parseSection, type SectionKind } from '../../shared/bpf/section-kinds';
import type { SourceFunction } from '../source/model';
import type { ProgramSource } from '../source/program-source';

export type ReachedBy = ReadonlyMap<SourceFunction, ReadonlySet<SectionKind>>;

/** Which kinds of program run each function: its own section's, and those of its callers in this file. */
export function reachability(source: ProgramSource): ReachedBy {
  const byName = new Map(source.definitions.map(one => [one.name, one]));
  const reached = new Map<SourceFunction, Set<SectionKind>>();
  for (const program of source.programs) {
    const kind = parseSection(program.section.name)?.kind;
    if (!kind) continue;
    const queue: SourceFunction[] = [program];
    for (let one = queue.pop(); one; one = queue.pop()) {
      const kinds = reached.get(one) ?? new Set();
      if (kinds.has(kind)) continue;
      kinds.add(kind);
      reached.set(one, kinds);
      // Callbacks (bpf_loop, bpf_for_each_map_elem) are reached by name only.
      for (const name of source.body(one).identifiers) {
        const callee = byName.get(name);
        if (callee && callee !== one && !callee.section) queue.push(callee);
      }
    }
  }
  return reached;
}
