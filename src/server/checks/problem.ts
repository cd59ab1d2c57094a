/** What a check says, and what it may ask. */
import type { Helper } from '../helpers/helper-defs';
import type { SectionKind } from '../helpers/section-kinds';
import type { TargetKernel } from '../kernel/target-kernel';
import type { Headers } from '../source/headers';
import type { SourceFunction, Span } from '../source/model';
import type { ProgramSource } from '../source/program-source';
import type { Types } from '../source/types';

export interface Fix {
  readonly title: string;
  readonly edits: readonly { readonly span: Span; readonly text: string }[];
  /** The one that is most likely meant. */
  readonly preferred?: boolean;
}

export interface Problem {
  /** Stable; documented in docs/editing.md. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'information';
  readonly span: Span;
  readonly message: string;
  readonly fixes: readonly Fix[];
}

export interface CheckContext {
  readonly source: ProgramSource;
  readonly types: Types;
  /** null: no BTF was found; checks that need a kernel then say nothing. */
  readonly kernel: TargetKernel | null;
  readonly helpers: ReadonlyMap<string, Helper>;
  readonly headers: Headers;
  /** Kinds of the programs that reach each function, through calls in this file. */
  readonly reachedBy: ReadonlyMap<SourceFunction, ReadonlySet<SectionKind>>;
}

export type Check = (context: CheckContext) => Iterable<Problem>;

export function replaceFix(title: string, span: Span, text: string, preferred = false): Fix {
  return { title, edits: [{ span, text }], preferred };
}
