/**
 * Helpers that are running: one serves every session whose capabilities it holds, a session that needs more gets a
 * helper of its own. Each ends with the pool, or sooner when it is idle long enough: nothing privileged runs for nothing.
 */
import { type CapabilityBudget, coversBudget } from '../elevation/capabilities';
import type { SessionError } from '../errors';
import type { ConnectOptions, Target } from './target';
import type { HelperConnection } from './tracer-connection';

interface PooledHelper {
  readonly target: Target;
  readonly budget: CapabilityBudget;
  readonly connection: HelperConnection;
  /** Sessions that use it, or are about to. */
  holds: number;
  idle: NodeJS.Timeout | null;
  /** It loads and attaches nothing more: no other session may have it. */
  confined: boolean;
}

/** Long enough to change a program and attach it again without being asked for a password anew. */
export const HELPER_IDLE_MS = 30_000;

export class HelperPool {
  private readonly helpers = new Set<PooledHelper>();

  /** `idleMs`: a helper ends so long after its last holder let go; null: it stays until the pool is disposed. */
  constructor(private readonly idleMs: number | null = null) {}

  private fail: (reason: SessionError) => void = () => undefined;
  /** Resolves when a helper dies that nobody told to end. */
  readonly failed = new Promise<SessionError>(resolve => {
    this.fail = resolve;
  });

  /** A connection that holds the budget: a running one, else a new one (which may ask the user). */
  async acquire(
    target: Target,
    budget: CapabilityBudget,
    program: string,
    options: Omit<ConnectOptions, 'budget' | 'program'>,
  ): Promise<HelperConnection> {
    for (const helper of this.helpers) {
      if (!helper.confined && helper.target === target && coversBudget(helper.budget, budget))
        return helper.connection;
    }
    const connection = await target.connect({ ...options, budget, program });
    const helper: PooledHelper = { target, budget, connection, holds: 0, idle: null, confined: false };
    this.helpers.add(helper);
    connection.closed.then(reason => {
      this.forget(helper);
      if (reason) this.fail(reason);
    });
    return connection;
  }

  /** Keeps the connection's helper from ending as idle until what is returned is called. */
  hold(connection: HelperConnection): () => void {
    const helper = [...this.helpers].find(candidate => candidate.connection === connection);
    if (!helper) return () => undefined;
    helper.holds++;
    stopIdling(helper);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      helper.holds--;
      if (helper.holds > 0 || this.idleMs === null || !this.helpers.has(helper)) return;
      helper.idle = setTimeout(() => {
        // Nobody may be handed a connection that is closing.
        this.forget(helper);
        connection.close();
      }, this.idleMs);
    };
  }

  /**
   * Nothing more is loaded or attached by this connection's helper: it gives up what only that takes, and no other session
   * gets it. Throws HelperRequestError where the kernel does not let it; it can then be used as before.
   */
  async confine(connection: HelperConnection): Promise<void> {
    const helper = [...this.helpers].find(candidate => candidate.connection === connection);
    if (helper) helper.confined = true;
    try {
      await connection.request('helper/confine', {});
    } catch (error) {
      if (helper) helper.confined = false;
      throw error;
    }
  }

  private forget(helper: PooledHelper): void {
    stopIdling(helper);
    this.helpers.delete(helper);
  }

  /** Ends every helper, and with it everything attached. */
  dispose(): void {
    for (const helper of this.helpers) {
      stopIdling(helper);
      helper.connection.close();
    }
    this.helpers.clear();
  }
}

function stopIdling(helper: PooledHelper): void {
  if (helper.idle) clearTimeout(helper.idle);
  helper.idle = null;
}
