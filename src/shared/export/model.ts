/** Input and output of an export: plain texts; the caller reads and writes the files. */
import type { ErrorTable } from '../errors/error-table';
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

/** Why a program cannot be exported. */
export const EXPORT_ERRORS = {
  'nothing-attachable': {
    means: 'The engine can attach none of the program’s attach points',
    fix: 'The message has the engine’s reason; see [commands.md](commands.md).',
  },
  'nothing-to-show': {
    means: 'The program has no map that the engine can show',
    fix: 'Give it a histogram, a table or an event buffer.',
  },
  'program-not-found': {
    means: 'There is nothing to export',
    fix: 'Open the program, or name its file.',
  },
} as const satisfies ErrorTable;

/** The message has the reason and `fix` what to do. */
export class ExportError extends WorkbenchError<keyof typeof EXPORT_ERRORS> {
  override readonly name = 'ExportError';
}
