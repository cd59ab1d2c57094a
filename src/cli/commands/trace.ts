import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseTarget } from '../../session/targets/choose-target';
import type { Target } from '../../session/targets/target';
import type { Mode } from '../../trace/plan';
import { traceProgram } from '../../trace/trace-program';
import { UsageError } from '../print/exit';
import { terminalProgress } from '../print/progress';
import type { EndReason } from '../print/run-output';
import { print } from '../print/terminal';
import { canAsk, createTarget } from '../workplace/workplace';
import { runCommand } from './run';
import { parseTarget, type RunOptions } from './run-options';

export interface TraceOptions extends RunOptions {
  readonly count?: boolean;
  readonly latency?: boolean;
  readonly hist?: string;
  readonly events?: boolean;
  readonly stacks?: boolean;
  readonly by?: readonly string[];
  readonly where?: string;
  readonly print?: boolean;
}

/**
 * `bpfw trace PROBE...`: writes a program for the probes and runs it as `bpfw run` does; null: with --print it is printed
 * and nothing is attached. Throws TraceError, UsageError and what runCommand throws.
 */
export async function traceCommand(
  probes: readonly string[],
  command: readonly string[],
  options: TraceOptions,
): Promise<EndReason | null> {
  const request = {
    probes,
    mode: modeOf(options),
    by: options.by ?? [],
    where: options.where ?? null,
    folder: process.cwd(),
  };
  const write = async (target: Target): Promise<string> => traceProgram(request, await target.readBtf()).text;
  if (options.print) {
    await printProgram(write, options);
    return null;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'bpfw-trace-'));
  const file = path.join(folder, 'trace.bpf.c');
  try {
    // Its only headers are those of this build and libbpf's: no project has a say.
    return await runCommand({ file, write: async target => writeFile(file, await write(target)) }, command, {
      ...options,
      flagsFrom: 'none',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function printProgram(
  write: (target: Target) => Promise<string>,
  options: TraceOptions,
): Promise<void> {
  const wanted = parseTarget(options.target);
  const { id } = await chooseTarget({ wanted, env: process.env, object: null, canAsk: canAsk() });
  const progress = terminalProgress();
  const target = createTarget(id, progress);
  try {
    const text = await write(target);
    progress.done();
    print(text.trimEnd().split('\n'));
  } finally {
    progress.done();
    await target.dispose();
  }
}

/** Throws UsageError for more than one. */
function modeOf({ count, latency, hist, events, stacks }: TraceOptions): Mode {
  const modes: Mode[] = [
    ...(count ? [{ kind: 'count' } as const] : []),
    ...(latency ? [{ kind: 'latency' } as const] : []),
    ...(hist === undefined ? [] : [{ kind: 'hist', of: hist } as const]),
    ...(events ? [{ kind: 'events' } as const] : []),
    ...(stacks ? [{ kind: 'stacks' } as const] : []),
  ];
  if (modes.length > 1)
    throw new UsageError(`Choose one of ${modes.map(({ kind }) => `--${kind}`).join(' and ')}.`);
  return modes[0] ?? { kind: 'count' };
}
