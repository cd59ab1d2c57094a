/** What kill-loop.ts is asked and what it answers. */
import type { LocalClientTask } from './local-client';

export const VICTIMS = ['client', 'tracer', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface KillLoopTask {
  readonly seed: number;
  readonly kills: number;
  readonly clientPath: string;
  readonly client: LocalClientTask;
  readonly user: { readonly name: string; readonly uid: number };
}

/** What a kill left behind. */
export interface Leftovers {
  /** BPF objects there at the moment of the kill. */
  readonly loaded: number;
  /** From the kill to the start of the first look that found no BPF object of the session's. null: not within the deadline. */
  readonly unloadedMs: number | null;
  /** The same for its processes, privileged or not. */
  readonly endedMs: number | null;
  /** What was still there at the deadline. */
  readonly left: readonly string[];
}

/** From when on `afterMs` counts: the session's start, or when its programs are about to be loaded. */
export type Since = 'start' | 'loading';

export interface Kill extends Leftovers {
  readonly victim: Victim;
  readonly since: Since;
  readonly afterMs: number;
  /** The client's last words. */
  readonly step: string;
}

export interface KillLoopEnd {
  readonly durationMs: number;
  /** Folders of killed clients that were still there after one more session. */
  readonly foldersLeft: readonly string[];
}
