/**
 * Helpers that are running: one serves every session whose capabilities it holds, a session that needs more gets a
 * helper of its own. Each ends when its last user lets go of the pool.
 */
import { type CapabilityBudget, coversBudget } from './budget';
import type { SessionError } from './errors';
import type { HelperConnection } from './helper-connection';
import type { ConnectOptions, Target } from './target';

interface PooledHelper {
  readonly target: Target;
  readonly budget: CapabilityBudget;
  readonly connection: HelperConnection;
}

export class HelperPool {
  private readonly helpers = new Set<PooledHelper>();
  private fail: (reason: SessionError) => void = () => undefined;
  /** Resolves when a helper dies that nobody told to end. */
  readonly failed = new Promise<SessionError>(resolve => {
    this.fail = resolve;
  });

  /** A connection that holds the budget: a running one, else a new one (which may ask the person). */
  async acquire(
    target: Target,
    budget: CapabilityBudget,
    program: string,
    options: Omit<ConnectOptions, 'budget' | 'program'>,
  ): Promise<HelperConnection> {
    for (const helper of this.helpers) {
      if (helper.target === target && coversBudget(helper.budget, budget)) return helper.connection;
    }
    const connection = await target.connect({ ...options, budget, program });
    const helper: PooledHelper = { target, budget, connection };
    this.helpers.add(helper);
    connection.closed.then(reason => {
      this.helpers.delete(helper);
      if (reason) this.fail(reason);
    });
    return connection;
  }

  /** Ends every helper, and with it everything attached. */
  dispose(): void {
    for (const helper of this.helpers) helper.connection.close();
    this.helpers.clear();
  }
}
