/** A problem that a check reports. */
import type { Analysis } from '../analysis/analysis';
import type { Span } from '../source/model';

export interface Fix {
  readonly title: string;
  readonly edits: readonly { readonly span: Span; readonly text: string }[];
  /** The most likely fix. */
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

export type Check = (analysis: Analysis) => Iterable<Problem>;

export function replaceFix(title: string, span: Span, text: string, preferred = false): Fix {
  return { title, edits: [{ span, text }], preferred };
}
