import { type Fix, WorkbenchError } from '../shared/errors/workbench-error';

/** Why no program can be made for a probe, or from an expression: wrong usage, with what would be right. */
export class TraceError extends WorkbenchError<'bad-probe' | 'bad-expression' | 'bad-choice'> {
  override readonly name = 'TraceError';

  constructor(code: 'bad-probe' | 'bad-expression' | 'bad-choice', message: string, fix: Fix | null = null) {
    super(code, message, fix);
  }
}
