/**
 * The running tracers: one serves every session whose capabilities it holds, a session that needs more gets its own.
 * Each ends with the pool, or earlier after being idle for some time, so that no privileged process runs without a
 * purpose.
 */
import { type Capabilities, coversCapabilities } from '../elevation/capabilities';
import type { SessionError } from '../errors';
import type { ConnectOptions, Target } from './target';
import type { TracerConnection } from './tracer-connection';

interface PooledTracer {
  readonly target: Target;
  capabilities: Capabilities;
  readonly connection: TracerConnection;
  /** Sessions that use it, or are about to. */
  holds: number;
  idle: NodeJS.Timeout | null;
  /** It can load and attach nothing more: no other session may use it. */
  confined: boolean;
}

/** Long enough to change a program and attach it again without another password prompt. */
export const TRACER_IDLE_MS = 30_000;

export class TracerPool {
  private readonly tracers = new Map<TracerConnection, PooledTracer>();

  /** `idleMs`: a tracer ends this long after its last holder released it; null: it runs until the pool is disposed. */
  constructor(private readonly idleMs: number | null = null) {}

  private fail: (reason: SessionError) => void = () => undefined;
  /** Resolves when a tracer dies unexpectedly. */
  readonly failed = new Promise<SessionError>(resolve => {
    this.fail = resolve;
  });

  /** A connection that holds the capabilities: a running one, else a new one (which may ask the user). */
  async acquire(
    target: Target,
    capabilities: Capabilities,
    objectName: string,
    options: Omit<ConnectOptions, 'capabilities' | 'objectName'>,
  ): Promise<TracerConnection> {
    for (const tracer of this.tracers.values()) {
      if (
        !tracer.confined &&
        tracer.target === target &&
        coversCapabilities(tracer.capabilities, capabilities)
      )
        return tracer.connection;
    }
    const connection = await target.connect({ ...options, capabilities, objectName });
    const known = this.tracers.get(connection);
    if (known) {
      // The sandbox VM has one tracer, which has them all: its holders and its idle time stay.
      known.capabilities = [...known.capabilities, ...capabilities];
      return connection;
    }
    const tracer: PooledTracer = { target, capabilities, connection, holds: 0, idle: null, confined: false };
    this.tracers.set(connection, tracer);
    connection.closed.then(reason => {
      this.forget(tracer);
      if (reason) this.fail(reason);
    });
    return connection;
  }

  /** Keeps the connection's tracer from ending as idle until the returned function is called. */
  hold(connection: TracerConnection): () => void {
    const tracer = this.tracers.get(connection);
    if (!tracer) return () => undefined;
    tracer.holds++;
    stopIdling(tracer);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      tracer.holds--;
      if (tracer.holds > 0 || this.idleMs === null || !this.tracers.has(connection)) return;
      tracer.idle = setTimeout(() => {
        // A connection that is closing must not be handed out.
        this.forget(tracer);
        connection.close();
      }, this.idleMs);
    };
  }

  /**
   * This connection's tracer will load or attach nothing more: it drops the capabilities for that, and no other session
   * gets it. Throws TracerRequestError if the kernel does not allow it; the tracer can then be used as before.
   */
  async confine(connection: TracerConnection): Promise<void> {
    const tracer = this.tracers.get(connection);
    if (tracer) tracer.confined = true;
    try {
      await connection.request('tracer/confine', {});
    } catch (error) {
      if (tracer) tracer.confined = false;
      throw error;
    }
  }

  private forget(tracer: PooledTracer): void {
    stopIdling(tracer);
    this.tracers.delete(tracer.connection);
  }

  /** Ends every tracer, and with it everything attached. */
  dispose(): void {
    for (const tracer of this.tracers.values()) {
      stopIdling(tracer);
      tracer.connection.close();
    }
    this.tracers.clear();
  }
}

function stopIdling(tracer: PooledTracer): void {
  if (tracer.idle) clearTimeout(tracer.idle);
  tracer.idle = null;
}
