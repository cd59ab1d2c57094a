/** One kind of rejection: how the kernel says it, what it means in terms of the C program, and what to do. */

/** What is known about one rejection when its message is written. */
export interface Facts {
  /** The kernel's sentence that was recognised. */
  readonly sentence: string;
  /** Named groups of the entry's pattern; '' for those that took no part. */
  readonly groups: Readonly<Record<string, string>>;
  /** The C variable the sentence's register holds, quoted: "`calls`"; else a description: "this pointer". */
  subject(otherwise: string): string;
  /** C expression of the index or length that a pointer was made with, quoted. */
  index(otherwise: string): string;
  /** The call the value came from. */
  readonly origin: { readonly helper: string; readonly map: string | null } | null;
  /** The helper that was called when the verifier stopped, without "bpf_"; null when it was no call. */
  readonly called: string | null;
  /** Section of the program, e.g. "kprobe/vfs_read"; null when the log alone is there. */
  readonly section: string | null;
}

/**
 * Places that help: where the value came from, where its index or size did, tests of it that did not count, the
 * acquisition of a reference, the branches taken last.
 */
export type Related = 'origin' | 'index' | 'tests' | 'acquired' | 'path';

export interface CatalogueEntry {
  /** Stable; the anchor in docs/verifier.md. */
  readonly code: string;
  readonly title: string;
  /** Named groups: `register` (a number) is what the message is about. */
  readonly sentences: readonly RegExp[];
  readonly message: (facts: Facts) => string;
  /** Why the kernel refuses it. */
  readonly why: string;
  /** What to change. */
  readonly fix: string;
  readonly example?: { readonly wrong: string; readonly right: string };
  readonly related?: readonly Related[];
}
