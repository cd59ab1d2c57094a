/** `bpfw run` attaches nothing more once it runs, so its helper gives up what that takes. */

import type { Symbolizer } from '../session/symbols/symbolizer';
import { type HelperConnection, HelperRequestError } from '../session/targets/tracer-connection';
import type { HelperPool } from '../session/targets/tracer-pool';
import type { TracingSession } from '../session/tracing/tracing-session';
import { namesKernelAddresses } from '../shared/decode/kernel-addresses';

export interface ConfineRequest {
  readonly session: TracingSession;
  readonly connection: HelperConnection;
  readonly symbolizer: Symbolizer;
  readonly helpers: HelperPool;
  /** An overhead guard watches: the kernel is to measure programs' run time. */
  readonly guarded: boolean;
  readonly say: (line: string) => void;
}

/** Asks the kernel what is still to be asked, then confines. Never rejects; says so where the helper stays as it is. */
export async function confineHelper(request: ConfineRequest): Promise<void> {
  const { session, symbolizer } = request;
  try {
    // The guard tells by itself when the kernel does not measure.
    if (request.guarded) await session.statistics(true).catch(() => undefined);
    if (namesKernelAddresses(session.object)) await symbolizer.loadKernelSymbols();
    await request.helpers.confine(request.connection);
  } catch (error) {
    // The run may be over by now; then there is no helper any more.
    if (error instanceof HelperRequestError)
      request.say(`the helper keeps what attaching takes: ${error.message}`);
  }
}
