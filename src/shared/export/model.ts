/** Input and output of an export: plain texts; the caller reads and writes the files. */
import { WorkbenchError } from '../errors/workbench-error';
import type { BpfObject, Program } from '../object/model';

export interface ExportInput {
  /** The program's name, without .bpf.c. */
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** Text of the .bpf.c file. */
  readonly source: string;
  /** Read from the object compiled from that source. */
  readonly object: BpfObject;
  /** Headers beside the program that it includes with quotes, copied unchanged. */
  readonly headers: readonly ExportedFile[];
}

export interface ExportedFile {
  readonly name: string;
  readonly text: string;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  /** What the engine does not support or handles differently: one sentence each. */
  readonly notes: readonly string[];
}

/** A program's section for another engine, or why the engine cannot attach it. */
export type SectionThere = { readonly section: string } | { readonly why: string };

/** The program-related part of another engine. */
export interface Engine {
  readonly name: string;
  sectionFor(program: Program, object: BpfObject): SectionThere;
}

/** The program cannot be exported; the message has the reason and `fix` what to do. */
export class ExportError extends WorkbenchError<
  'nothing-attachable' | 'nothing-to-show' | 'program-not-found'
> {
  override readonly name = 'ExportError';
}
