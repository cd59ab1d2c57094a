/** What the readers of build files give: words as the project has them, not yet judged. */

/** Where flags can come from, in the order in which they are looked for. */
export const FLAG_SOURCES = [
  'compile_commands.json',
  '.clangd',
  'compile_flags.txt',
  'make',
  'cmake',
  'meson',
  'bpf2go',
  'cargo',
  'kernel',
] as const;

export type FlagSource = (typeof FLAG_SOURCES)[number];

/** A program and the project it is in. */
export interface Program {
  /** Absolute. */
  readonly source: string;
  /** The source's folder, the folder above it, … up to the project's root. */
  readonly folders: readonly string[];
  readonly root: string;
  /** The target's, as in __TARGET_ARCH_<arch> and in the kernel's arch/ folder: x86. */
  readonly kernelArch: string;
  /** The target's, as `uname -m` prints it: x86_64. */
  readonly machine: string;
  readonly cacheFolder: string;
}

/** Arguments of a compiler that one of the project's files has for the program. */
export interface FoundWords {
  readonly words: readonly string[];
  /** What relative paths are relative to. */
  readonly folder: string;
  /** The file they come from. */
  readonly file: string;
  /** Set if they are those of another program in the same folder. */
  readonly sibling?: string;
}

/** A file that has flags, or the reason why it was not used; null: the project has no such file. */
export type Reading = FoundWords | { readonly unused: string; readonly file: string } | null;
