/** What features ask about one version of one file. */

import { reachability } from './checks/run-checks';
import type { Helper } from './helpers/helper-defs';
import { parseSection, type SectionKind } from './helpers/section-kinds';
import type { TargetKernel } from './kernel/target-kernel';
import type { Headers } from './source/headers';
import type { SourceFunction } from './source/model';
import type { ProgramSource } from './source/program-source';
import { Types } from './source/types';

export class Analysis {
  readonly types: Types;
  private reached: Map<SourceFunction, Set<SectionKind>> | null = null;

  constructor(
    readonly source: ProgramSource,
    readonly kernel: TargetKernel | null,
    readonly helpers: ReadonlyMap<string, Helper>,
    readonly headers: Headers,
  ) {
    this.types = new Types(source, kernel?.types ?? null, helpers);
  }

  /** Kinds of the programs that run the code at `offset`; empty when nothing says. */
  kindsAt(offset: number): ReadonlySet<SectionKind> {
    const owner = this.source.definitionAt(offset);
    if (!owner) return new Set();
    const own = owner.section && parseSection(owner.section.name)?.kind;
    if (own) return new Set([own]);
    this.reached ??= reachability(this.source);
    return this.reached.get(owner) ?? new Set();
  }
}
