/** The stack tables of a session as last read, with the names found so far. No `vscode`. */
import { nameStacks, readStackSnapshot, type StackSnapshot } from '../../session/symbols/read-stacks';
import type { Symbolizer } from '../../session/symbols/symbolizer';
import type { TracingSession } from '../../session/tracing/tracing-session';
import { lostStacksText } from '../../shared/decode/lost-stacks';
import { stackTables } from '../../shared/object/stack-tables';
import type { ToWebview } from '../../shared/protocol/webview';
import { type StackTableContent, stackSamples } from './stack-samples';

export class SessionStacks {
  private tables: readonly (StackTableContent & { readonly lost: readonly string[] })[] = [];

  /** `named` is called each time the tables have more names or newer stacks. Disposes the symbolizer. */
  constructor(
    private readonly tracing: TracingSession,
    private readonly symbolizer: Symbolizer,
    private readonly named: (stacks: SessionStacks) => void,
  ) {}

  /** Reads every stack table, and loads the kernel symbols from the tracer if they are needed. */
  async read(): Promise<readonly StackSnapshot[]> {
    const snapshots: StackSnapshot[] = [];
    for (const table of stackTables(this.tracing.object)) {
      snapshots.push(await readStackSnapshot(this.tracing, table));
      if (table.stacks.some(stack => stack.space === 'kernel')) await this.symbolizer.loadKernelSymbols();
    }
    return snapshots;
  }

  async name(snapshots: readonly StackSnapshot[]): Promise<void> {
    const tables: (StackTableContent & { readonly lost: readonly string[] })[] = [];
    for (const snapshot of snapshots)
      tables.push({
        ...stackSamples(snapshot.table, await nameStacks(snapshot, this.symbolizer)),
        lost: snapshot.lost.map(each => lostStacksText(snapshot.table.map.name, each)),
      });
    this.tables = tables;
    this.named(this);
  }

  /** The last use of the symbolizer. If naming fails, earlier names are kept. */
  nameLast(snapshots: readonly StackSnapshot[]): void {
    (snapshots.length > 0 ? this.name(snapshots) : Promise.resolve())
      .catch(() => undefined)
      .finally(() => this.symbolizer.dispose());
  }

  messages(sessionId: string): ToWebview[] {
    const atMs = Date.now();
    return this.tables.map(table => ({ type: 'stacks', sessionId, ...table, atMs }));
  }
}
