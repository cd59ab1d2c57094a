/** One kind of rejection: the kernel's messages, the meaning in terms of the C program, and the fix. */

/** The facts about one rejection from which its message is written. */
export interface Facts {
  /** The recognised message of the kernel. */
  readonly sentence: string;
  /** Named groups of the entry's pattern; '' for those that did not match. */
  readonly groups: Readonly<Record<string, string>>;
  /** The C variable in the message's register, quoted: "`calls`"; else a description: "this pointer". */
  subject(otherwise: string): string;
  /** C expression of the index or length from which a pointer was computed, quoted. */
  index(otherwise: string): string;
  /** The call that returned the value. */
  readonly origin: { readonly helper: string; readonly map: string | null } | null;
  /** The helper called where the verifier stopped, without "bpf_"; null when it was not a call. */
  readonly called: string | null;
  /** CONFIG_* names that the source declares with __kconfig; empty without the source. */
  readonly kernelOptions: readonly string[];
  /** Names of the maps that the source declares in SEC("maps"); empty without the source. */
  readonly legacyMaps: readonly string[];
  /** "6.1.0-56-amd64" where the kernel that refused the program is known. */
  readonly kernelRelease: string | null;
  /** All of the kernel's sentences about this rejection. */
  readonly sentences: readonly string[];
  /** The helper that may have moved the packet after this pointer into it was taken: "bpf_skb_pull_data". */
  readonly packetMovedBy: string | null;
  /** A comparison with the end of the packet that is there and proves nothing; `largest`: what was added may be that large. */
  readonly packetTest: { readonly largest: bigint | null } | null;
  /** The helper whose negative errno the index or length may be. */
  readonly errorOf: string | null;
  /** The bytes on the stack that were never written, as a member or as padding between members. */
  readonly unwritten: string | null;
  /** Names of a kernel function's parameters; null where the kernel's types are not known here. */
  parametersOf(name: string): readonly string[] | null;
  /** Section of the program, e.g. "kprobe/vfs_read"; null when only the log is known. */
  readonly section: string | null;
}

/**
 * Related locations: the origin of the value, the origin of its index or size, tests of it that were not sufficient, the
 * acquisition of a reference, the last branches.
 */
export type Related = 'origin' | 'index' | 'tests' | 'acquired' | 'path';

export interface CatalogueEntry {
  /** Stable; the anchor in docs/verifier.md. */
  readonly code: string;
  readonly title: string;
  /** Set where only loaders say these sentences: a line of another program's is never taken for one of them. */
  readonly by?: 'loader';
  /** True for failures of the whole object, which are not about a line of a program. */
  readonly isOfObject?: boolean;
  /** Patterns of the kernel's message. The named group `register` (a number) is the register that the message is about. */
  readonly sentences: readonly RegExp[];
  readonly message: (facts: Facts) => string;
  /** Why the kernel rejects it. */
  readonly why: string;
  /** What to change. */
  readonly fix: string;
  /** Replaces `fix` where what happened before makes it advice that cannot work. */
  readonly fixFor?: (facts: Facts) => string | null;
  readonly example?: { readonly wrong: string; readonly right: string };
  readonly related?: readonly Related[];
}
