import type { ErrorTable } from '../shared/errors/error-table';
import { type Fix, WorkbenchError } from '../shared/errors/workbench-error';

/** What is wrong with what `bpfw trace` was asked for. */
export const TRACE_ERRORS = {
  'bad-probe': {
    means: 'There is no such function, tracepoint, system call or file to trace',
    fix: 'The message names what is nearest; see [trace.md](trace.md#probes).',
  },
  'bad-expression': {
    means: 'The expression cannot be computed: an unknown name, or what BPF cannot do',
    fix: 'The message names the place; see [trace.md](trace.md#expressions).',
  },
  'bad-choice': {
    means: 'The options do not go together',
    fix: 'The message says which do.',
  },
} as const satisfies ErrorTable;
type TraceErrorCode = keyof typeof TRACE_ERRORS;

/** Why no program can be made for a probe, or from an expression: wrong usage, with what would be right. */
export class TraceError extends WorkbenchError<TraceErrorCode> {
  override readonly name = 'TraceError';

  constructor(code: TraceErrorCode, message: string, fix: Fix | null = null) {
    super(code, message, fix);
  }
}
