/** What checks and features need to know about one version of one file. */

import { type ParsedSection, parseSection } from '../../shared/bpf/section-kinds';
import type { Helper } from '../helpers/helper-defs';
import type { TargetKernel } from '../kernel/target-kernel';
import type { Headers } from '../source/headers';
import type { ProgramSource } from '../source/program-source';
import { Types } from '../source/types';
import { type ReachedBy, reachability } from './reachability';

export class Analysis {
  readonly types: Types;
  private reached: ReachedBy | null = null;

  constructor(
    readonly source: ProgramSource,
    /** Null: no BTF was found; checks and features that need a kernel then report nothing. */
    readonly kernel: TargetKernel | null,
    readonly helpers: ReadonlyMap<string, Helper>,
    readonly headers: Headers,
  ) {
    this.types = new Types(source, kernel?.types ?? null, helpers);
  }

  /** The programs that reach each function, through calls in this file. */
  get reachedBy(): ReachedBy {
    this.reached ??= reachability(this.source);
    return this.reached;
  }

  /** The programs that run the code at `offset`, by section; empty when unknown. */
  programsAt(offset: number): readonly ParsedSection[] {
    const owner = this.source.definitionAt(offset);
    if (!owner) return [];
    const own = owner.section && parseSection(owner.section.name);
    return own ? [own] : [...(this.reachedBy.get(owner) ?? [])];
  }
}
