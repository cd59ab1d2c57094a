/** What a code of ours means and what to do, in general; a message says it for the case at hand. docs/errors.md is made of these. */
export interface ErrorDoc {
  /** A sentence without its full stop. */
  readonly means: string;
  /** What to do, as sentences. */
  readonly fix: string;
}

/** The codes of one room. */
export type ErrorTable = Readonly<Record<string, ErrorDoc>>;
