/** What a session is started with, from the command to the tracer under these names. */
import type { BpfObject } from '../../shared/object/model';
import type { ElevationUi } from '../elevation/elevation';
import type { Progress, Target } from '../targets/target';
import type { TracerPool } from '../targets/tracer-pool';
import type { AskProgramConsent } from './program-consent';

/** An object on a target, and who is asked and told on the way. */
export interface LoadRequest {
  readonly target: Target;
  readonly tracers: TracerPool;
  readonly object: BpfObject;
  readonly objectBytes: Uint8Array;
  readonly ui: ElevationUi;
  readonly progress: Progress;
  /** Ends the wait for the user, for the tracer and for the kernel's verdict. */
  readonly signal?: AbortSignal;
}

export interface StartRequest extends LoadRequest {
  /** By C name, as typed. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Process whose mappings and libraries run-time targets are looked up in; null for the whole machine. */
  readonly pid: number | null;
  /** Asked before programs that may change the system are loaded. */
  readonly askConsent: AskProgramConsent;
  /** watchOverhead will be asked: the tracer may then measure programs' run time. */
  readonly guarded?: boolean;
  /** Programs not to attach though the target could: their group takes its next rank. */
  readonly without?: readonly string[];
}
