/**
 * A target is a value: where programs run. This kernel and the sandbox VM's differ in how the tracer is reached and
 * where commands start; everything after that is the same code.
 */
import type { Btf } from '../../shared/btf/btf-model';
import type { Capabilities, CapabilityFacts } from '../elevation/capabilities';
import type { ElevationUi } from '../elevation/elevation';
import type { TargetFacts } from './target-facts';
import type { TracerConnection } from './tracer-connection';

export type TargetId = 'local' | 'vm';
/** What the command line or the setting asks for. */
export type WantedTarget = TargetId | 'auto';

export type Progress = (step: string) => void;

export interface ConnectOptions {
  readonly capabilities: Capabilities;
  /** What the user is about to attach, for the consent text. */
  readonly objectName: string;
  readonly ui: ElevationUi;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface SpawnCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A command that was started stopped: its pid is known, nothing of it has run. */
export interface TargetProcess {
  readonly pid: number;
  /** The process that started it and signals it: bpfw, or the agent in the guest. */
  readonly starterPid: number;
  resume(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** 128 + signal number when a signal ended it, as shells count. */
  readonly exited: Promise<number>;
}

export interface Target {
  readonly id: TargetId;
  /** "this kernel (6.1.0-18-amd64)", "sandbox VM (6.1.0-56-amd64)". */
  describe(): string;
  /** The target kernel's BTF. Throws SessionError 'btf-missing'. */
  readBtf(): Promise<TargetBtf>;
  capabilityFacts(): Promise<CapabilityFacts>;
  /** Starts a tracer (asking for what the ui must be asked for) and waits for its greeting. */
  connect(options: ConnectOptions): Promise<TracerConnection>;
  facts(connection: TracerConnection): Promise<TargetFacts>;
  /** Output goes to `output` as it comes. */
  spawn(
    command: SpawnCommand,
    output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void,
  ): Promise<TargetProcess>;
  hasProcess(pid: number): Promise<boolean>;
  /** /proc/PID/maps of a process on the target; null when it is gone or may not be read. */
  processMaps(pid: number): Promise<string | null>;
  /** The file offset of the implementation an IFUNC stands for in processes of the target; see ifunc-probe.ts. */
  ifuncOffset(library: string, symbol: string, pid: number | null): Promise<IfuncAnswer>;
  /** Ends what the target started (the VM); idempotent. */
  dispose(): Promise<void>;
}

export type IfuncAnswer = { readonly offset: string } | { readonly error: string };

export interface TargetBtf {
  readonly bytes: Uint8Array;
  readonly btf: Btf;
  readonly kernelRelease: string;
}
