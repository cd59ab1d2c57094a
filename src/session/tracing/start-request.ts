/** The request that starts a session, with the same names from the command to the tracer. */
import type { BpfObject } from '../../shared/object/model';
import type { ElevationUi } from '../elevation/elevation';
import type { Progress, Target } from '../targets/target';
import type { TracerPool } from '../targets/tracer-pool';
import type { NamedPrograms } from './choose-programs';
import type { AskProgramConsent } from './program-consent';

/** An object on a target, with the callbacks for questions and progress. */
export interface LoadRequest {
  readonly target: Target;
  readonly tracers: TracerPool;
  readonly object: BpfObject;
  readonly objectBytes: Uint8Array;
  readonly ui: ElevationUi;
  readonly progress: Progress;
  /** Aborts waiting for the user, the tracer and the kernel's verdict. */
  readonly signal?: AbortSignal;
}

export interface StartRequest extends LoadRequest, NamedPrograms {
  /** By C name, as typed. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Process whose mappings and libraries are used to look up run-time targets; null for the whole machine. */
  readonly pid: number | null;
  /** Called before programs that may change the system are loaded. */
  readonly askConsent: AskProgramConsent;
  /** watchOverhead will be called: the tracer may then measure programs' run time. */
  readonly guarded?: boolean;
}
