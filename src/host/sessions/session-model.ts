/**
 * The model behind every page: one session's state and data, kept as long as its row is in the Sessions tree. Holds raw
 * records (up to a limit), the latest histograms and their history, and sends updates as messages of
 * shared/protocol/webview.
 */
import * as vscode from 'vscode';
import type { StackSnapshot } from '../../session/symbols/read-stacks';
import { type Symbolizer, UNKNOWN_NAME } from '../../session/symbols/symbolizer';
import type { LeftOut } from '../../session/tracing/choose-programs';
import { readDropCounts, sumDrops } from '../../session/tracing/drops';
import type { SessionStream, TracingSession } from '../../session/tracing/tracing-session';
import type { Drops } from '../../shared/decode/model';
import type { MapDefinition, Program } from '../../shared/object/model';
import { mainPanelsOf, PANELS, type PanelName, panelsOf } from '../../shared/object/panels';
import { showsUserStacks } from '../../shared/object/stack-tables';
import type { DataFrame } from '../../shared/protocol/frames';
import type { GlobalValue, SessionState, SessionSummary, ToWebview } from '../../shared/protocol/webview';
import { CostWatch, type SessionCost } from './cost-meter';
import { EventStreams } from './event-streams';
import { HistogramSnapshots } from './histogram-snapshots';
import { ReadLoop } from './read-loop';
import { SessionMaps, type TableContent } from './session-maps';
import { SessionStacks } from './session-stacks';

export interface SessionUpdate {
  readonly sessionId: string;
  /** The pages it is for. */
  readonly panels: readonly PanelName[];
  readonly message: ToWebview;
}

export interface SessionIdentity {
  readonly title: string;
  /** The source that was compiled, or the object file that was attached directly. */
  readonly program: vscode.Uri;
  readonly targetId: 'local' | 'vm';
  readonly target: string;
  readonly eventBytesLimit: number;
  /** True if the panel's page is visible. */
  isWatched(panel: PanelName): boolean;
  /** True if the programs' cost is visible: the kernel's statistics slow every BPF program down a little. */
  isCostWatched(): boolean;
}

const READ_INTERVAL_MS = 1000;
/** The first bars should not wait a whole interval. */
const FIRST_READ_MS = 200;

let sessionsMade = 0;

export class SessionModel {
  readonly id = `session-${++sessionsMade}`;
  readonly program: vscode.Uri;
  readonly targetId: 'local' | 'vm';
  /** Records received since attach. */
  events = 0;
  eventsPerSecond = 0;
  drops: Drops = { kernel: 0, tracer: 0, client: 0 };
  private state: SessionState = 'starting';
  private message = '';
  /** Programs of the object that are not attached, with the reasons. */
  leftOut: readonly LeftOut[] = [];
  private readonly startedAtMs = Date.now();
  private endedAtMs: number | null = null;
  private tracing: TracingSession | null = null;
  private maps: SessionMaps | null = null;
  private symbolizer: Symbolizer | null = null;
  private stacks: SessionStacks | null = null;
  private streams: EventStreams | null = null;
  private readonly costWatch = new CostWatch();
  private readonly histograms = new HistogramSnapshots();
  private tables: readonly TableContent[] = [];
  private globals: readonly GlobalValue[] = [];
  private readonly reading = new ReadLoop(
    () => this.readMaps(),
    // A closed connection is reported separately; any other error ends the session with its reason.
    error => void this.end('failed', error instanceof Error ? error.message : String(error)),
  );
  private rateFrom = { events: 0, atMs: Date.now() };

  private readonly updates = new vscode.EventEmitter<SessionUpdate>();
  readonly onDidUpdate = this.updates.event;
  private readonly changes = new vscode.EventEmitter<void>();
  /** State, rates or drops changed: trees and the status bar refresh. */
  readonly onDidChange = this.changes.event;

  constructor(private readonly identity: SessionIdentity) {
    this.program = identity.program;
    this.targetId = identity.targetId;
  }

  get summary(): SessionSummary {
    return {
      id: this.id,
      title: this.identity.title,
      target: this.identity.target,
      state: this.state,
      message: this.message,
      startedAtMs: this.startedAtMs,
      attached: (this.tracing?.attached ?? []).map(({ name, attach }) => ({ program: name, attach })),
    };
  }

  get isLive(): boolean {
    return this.state === 'starting' || this.state === 'running';
  }

  /** The object's programs, including those that are not attached. */
  get programs(): readonly Program[] {
    return this.tracing?.object.programs ?? [];
  }

  /** Records lost at any point between program and page. */
  get lost(): number {
    return this.drops.kernel + this.drops.tracer + this.drops.client;
  }

  get cost(): SessionCost | null {
    return this.costWatch.cost;
  }
  get costRefusal(): string {
    return this.costWatch.refusal;
  }

  get ageMs(): number {
    return (this.endedAtMs ?? Date.now()) - this.startedAtMs;
  }

  /** The pages that have data, in the order of PANELS. */
  get panels(): readonly PanelName[] {
    return this.tracing ? panelsOf(this.tracing.object) : [];
  }

  /** The pages to show automatically. */
  get mainPanels(): readonly PanelName[] {
    return this.tracing ? mainPanelsOf(this.tracing.object) : [];
  }

  /** Subscribes before anything is attached, so that the first record is not missed. The model disposes the symbolizer. */
  listen(tracing: TracingSession, symbolizer: Symbolizer): void {
    this.tracing = tracing;
    this.maps = new SessionMaps(tracing);
    this.symbolizer?.dispose();
    this.symbolizer = symbolizer;
    this.stacks = new SessionStacks(tracing, symbolizer, stacks =>
      this.tell(['stacks'], ...stacks.messages(this.id)),
    );
    this.streams = new EventStreams(
      this.id,
      tracing.streams,
      this.identity.eventBytesLimit,
      async addresses =>
        (await symbolizer.kernelNames(addresses)).map(name => (name === UNKNOWN_NAME ? null : name)),
    );
    tracing.onFrame((stream, frame) => this.receive(stream, frame));
  }

  /** Keeps what is needed to name addresses of that process after it exits. */
  async watchProcess(pid: number): Promise<void> {
    if (this.tracing && showsUserStacks(this.tracing.object))
      await this.symbolizer?.watchRunningProcess(pid, this.tracing);
  }

  running(leftOut: readonly LeftOut[]): void {
    this.leftOut = leftOut;
    this.state = 'running';
    this.changed();
    this.reading.start(FIRST_READ_MS, READ_INTERVAL_MS);
  }

  /** Reads the last records and map contents, then detaches. The received data is kept. */
  async end(state: 'ended' | 'failed', message: string): Promise<void> {
    if (!this.isLive) return;
    const tracing = this.tracing;
    const wasRunning = this.state === 'running';
    this.state = state;
    this.message = message;
    this.endedAtMs = Date.now();
    const read = this.reading.stop();
    let lastStacks: readonly StackSnapshot[] = [];
    try {
      if (tracing && wasRunning && state === 'ended') {
        await read;
        await tracing.drain();
        lastStacks = await this.readMaps(true);
      }
    } finally {
      try {
        await tracing?.close();
      } finally {
        // After everything is detached, because debug information of a large program takes time.
        this.stacks?.nameLast(lastStacks);
        this.eventsPerSecond = 0;
        this.changed();
      }
    }
  }

  /** Everything a page that has just loaded needs, oldest first. */
  hydration(panel: PanelName): ToWebview[] {
    const sessionId = this.id;
    const drops: ToWebview = { type: 'drops', sessionId, drops: this.drops };
    const messages: ToWebview[] = [this.sessionMessage(true)];
    messages.push(...(panel === 'histogram' ? this.histograms.hydration(sessionId, drops) : [drops]));
    if (panel === 'stacks') messages.push(...(this.stacks?.messages(sessionId) ?? []));
    if (panel === 'maps') messages.push(...this.mapMessages(Date.now()));
    if (panel === 'events') messages.push(...(this.streams?.hydration() ?? []));
    return messages;
  }

  dispose(): void {
    void this.reading.stop();
    this.symbolizer?.dispose();
    this.updates.dispose();
    this.changes.dispose();
  }

  private sessionMessage(fresh = false): ToWebview {
    const shown = (map: MapDefinition) => map.view.kind !== 'internal' || map.entries !== null;
    return {
      type: 'session',
      fresh,
      session: this.summary,
      streams: this.streams?.descriptions ?? [],
      maps: (this.tracing?.object.maps ?? []).filter(shown),
      eventBytesLimit: this.identity.eventBytesLimit,
    };
  }

  private changed(): void {
    this.tell(PANELS, this.sessionMessage());
    this.changes.fire();
  }

  private receive(stream: SessionStream, frame: DataFrame): void {
    if (!this.streams) return;
    const { messages, named } = this.streams.receive(stream, frame);
    this.events += frame.records;
    this.tell(['events'], ...messages);
    // If kernel symbols cannot be read, addresses stay unnamed.
    named.then(
      message => message && this.tell(['events'], message),
      () => undefined,
    );
  }

  private tell(panels: readonly PanelName[], ...messages: readonly ToWebview[]): void {
    for (const message of messages) this.updates.fire({ sessionId: this.id, panels, message });
  }

  private mapMessages(atMs: number): ToWebview[] {
    const sessionId = this.id;
    return [
      ...this.tables.map(
        ({ map, entries }) => ({ type: 'mapEntries', sessionId, map, entries, atMs }) as const,
      ),
      { type: 'globals', sessionId, globals: this.globals, atMs },
    ];
  }

  /** `last`: read everything, including what no visible page shows. Resolves with the stacks that are still unnamed. */
  private async readMaps(last = false): Promise<readonly StackSnapshot[]> {
    const { tracing, maps, stacks } = this;
    if (!tracing || !maps || !stacks) return [];
    const sessionId = this.id;
    maps.nextRound();
    const histograms = await maps.readHistograms();
    const counts = await readDropCounts(tracing);
    this.drops = sumDrops(counts, tracing.frameLosses, 0);
    this.tell(['events'], ...(this.streams?.countDrops(counts) ?? []));
    const atMs = Date.now();
    const seconds = Math.max(0.001, (atMs - this.rateFrom.atMs) / 1000);
    this.eventsPerSecond = (this.events - this.rateFrom.events) / seconds;
    this.rateFrom = { events: this.events, atMs };
    this.tell(PANELS, { type: 'drops', sessionId, drops: this.drops, atMs });
    if (histograms) {
      this.histograms.push({ atMs, histograms, drops: this.drops });
      this.tell(['histogram'], { type: 'histograms', sessionId, histograms, atMs });
    }
    if (!last) await this.costWatch.read(tracing, this.identity.isCostWatched());
    const snapshots = last || this.identity.isWatched('stacks') ? await stacks.read() : [];
    if (!last && snapshots.length > 0) await stacks.name(snapshots);
    if (last || this.identity.isWatched('maps')) {
      this.tables = await maps.readTables();
      this.globals = await maps.readGlobals();
      this.tell(['maps'], ...this.mapMessages(atMs));
    }
    this.changes.fire();
    return last ? snapshots : [];
  }
}
