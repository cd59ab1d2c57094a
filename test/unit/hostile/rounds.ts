/** What child.ts is asked and what it answers. */
export interface RoundsTask {
  readonly seed: number;
  readonly first: number;
  readonly rounds: number;
  /** Of frames-child.ts: who receives the frames. */
  readonly end?: 'tracer' | 'client';
  /** Scratch; the number of the round lies there in ROUND_FILE. */
  readonly folder: string;
}

export interface RoundsResult {
  /** Rounds by door: how many, how many were refused with an error of the room's own. */
  readonly doors: Readonly<Record<string, { readonly rounds: number; readonly refused: number }>>;
  /** By the processor's time: others use the machine, too. */
  readonly slowest: { readonly round: number; readonly door: string; readonly ms: number };
  /** Heap and what lies outside of it, after garbage collection: after a tenth of the rounds, and the most after that. */
  readonly warmMb: number;
  readonly peakMb: number;
  readonly durationMs: number;
}

export interface RoundsFailure {
  readonly failed: { readonly round: number; readonly door: string; readonly error: string };
}

export const ROUND_FILE = 'round';
