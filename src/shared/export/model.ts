/** What an export takes and gives: plain texts in, plain texts out; whoever calls reads and writes the disk. */
import type { BpfObject, Program } from '../object/model';

export interface ExportInput {
  /** The program's name, without .bpf.c. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Text of the .bpf.c file. */
  readonly source: string;
  /** Read from the object compiled of that source. */
  readonly object: BpfObject;
  /** Headers beside the program that it includes with quotes, copied as they are. */
  readonly headers: readonly ExportedFile[];
}

export interface ExportedFile {
  readonly name: string;
  readonly text: string;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  /** What the engine cannot take, or takes differently: one sentence each. */
  readonly notes: readonly string[];
}

/** Where a program attaches in another engine: the section's text, or why the engine cannot attach it. */
export type SectionThere = { readonly section: string } | { readonly why: string };

/** Another engine, as far as programs go. */
export interface Engine {
  readonly name: string;
  sectionFor(program: Program, object: BpfObject): SectionThere;
}

/** The program cannot be exported; `message` says why and what would make it possible. */
export class ExportError extends Error {
  constructor(
    readonly code: 'nothing-attachable' | 'nothing-to-show' | 'program-not-found',
    message: string,
    readonly fix: string,
  ) {
    super(message);
    this.name = 'ExportError';
  }
}
