import { type ParsedSection, parseSection } from '../../shared/bpf/section-kinds';
import type { SourceFunction } from '../source/model';
import type { ProgramSource } from '../source/program-source';

export type ReachedBy = ReadonlyMap<SourceFunction, ReadonlySet<ParsedSection>>;

/** Which programs run each function, by section: its own, and those of its callers in this file. */
export function reachability(source: ProgramSource): ReachedBy {
  const byName = new Map(source.definitions.map(one => [one.name, one]));
  const reached = new Map<SourceFunction, Set<ParsedSection>>();
  const sections = new Map<string, ParsedSection | null>();
  for (const program of source.programs) {
    const { name } = program.section;
    const section = sections.get(name) ?? parseSection(name);
    sections.set(name, section);
    if (!section) continue;
    const queue: SourceFunction[] = [program];
    for (let one = queue.pop(); one; one = queue.pop()) {
      const known = reached.get(one) ?? new Set();
      if (known.has(section)) continue;
      known.add(section);
      reached.set(one, known);
      // Callbacks (bpf_loop, bpf_for_each_map_elem) are reached by name only.
      for (const name of source.body(one).identifiers) {
        const callee = byName.get(name);
        if (callee && callee !== one && !callee.section) queue.push(callee);
      }
    }
  }
  return reached;
}
