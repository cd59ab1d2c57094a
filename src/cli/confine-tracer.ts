/** `bpfw run` attaches nothing more once it runs, so its tracer gives up what that takes. */

import type { Symbolizer } from '../session/symbols/symbolizer';
import { type TracerConnection, TracerRequestError } from '../session/targets/tracer-connection';
import type { TracerPool } from '../session/targets/tracer-pool';
import type { TracingSession } from '../session/tracing/tracing-session';
import { namesKernelAddresses } from '../shared/decode/kernel-addresses';

export interface ConfineRequest {
  readonly session: TracingSession;
  readonly connection: TracerConnection;
  readonly symbolizer: Symbolizer;
  readonly tracers: TracerPool;
  /** An overhead guard watches: the kernel is to measure programs' run time. */
  readonly guarded: boolean;
  readonly say: (line: string) => void;
}

/** Asks the kernel what is still to be asked, then confines. Never rejects; says so where the tracer stays as it is. */
export async function confineTracer(request: ConfineRequest): Promise<void> {
  const { session, symbolizer } = request;
  try {
    // The guard tells by itself when the kernel does not measure.
    if (request.guarded) await session.statistics(true).catch(() => undefined);
    if (namesKernelAddresses(session.object)) await symbolizer.loadKernelSymbols();
    await request.tracers.confine(request.connection);
  } catch (error) {
    // The run may be over by now; then there is no tracer any more.
    if (error instanceof TracerRequestError)
      request.say(`the tracer keeps what attaching takes: ${error.message}`);
  }
}
