/** `bpfw run` attaches nothing more once it runs, so its tracer drops the rights that attaching needs. */

import type { Symbolizer } from '../../session/symbols/symbolizer';
import { type TracerConnection, TracerRequestError } from '../../session/targets/tracer-connection';
import type { TracerPool } from '../../session/targets/tracer-pool';
import type { TracingSession } from '../../session/tracing/tracing-session';
import { namesKernelAddresses } from '../../shared/decode/kernel-addresses';

export interface ConfineRequest {
  readonly session: TracingSession;
  readonly connection: TracerConnection;
  readonly symbolizer: Symbolizer;
  readonly tracers: TracerPool;
  /** With an overhead guard the kernel must measure the programs' run time. */
  readonly guarded: boolean;
  readonly say: (line: string) => void;
}

/** Makes the remaining privileged requests, then confines the tracer. Never rejects; reports when confining fails. */
export async function confineTracer(request: ConfineRequest): Promise<void> {
  const { session, symbolizer } = request;
  try {
    // The guard itself reports when the kernel does not measure.
    if (request.guarded) await session.statistics(true).catch(() => undefined);
    if (namesKernelAddresses(session.object)) await symbolizer.loadKernelSymbols();
    await request.tracers.confine(request.connection);
  } catch (error) {
    // The run may have ended by now, and the tracer with it.
    if (error instanceof TracerRequestError)
      request.say(`the tracer keeps the rights it used for attaching: ${error.message}`);
  }
}
