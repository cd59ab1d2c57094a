/**
 * What one session is and has received, for as long as its row is in the Sessions tree: the model behind every page.
 * It keeps raw records (bounded), the histograms' latest state and their history, and tells who listens what is new in
 * the words of shared/protocol/webview.
 */
import * as vscode from 'vscode';
import type { StackSnapshot } from '../../session/symbols/read-stacks';
import { type Symbolizer, UNKNOWN_NAME } from '../../session/symbols/symbolizer';
import { TracerRequestError } from '../../session/targets/tracer-connection';
import { readDropCounts, sumDrops } from '../../session/tracing/drops';
import type { SessionStream, TracingSession } from '../../session/tracing/tracing-session';
import type { Drops } from '../../shared/decode/model';
import { showsUserStacks } from '../../shared/decode/stack-tables';
import type { MapDefinition, Program } from '../../shared/object/model';
import { mainPanelsOf, PANELS, type PanelName, panelsOf } from '../../shared/object/panels';
import type { DataFrame } from '../../shared/protocol/frames';
import type {
  GlobalValue,
  HistogramSnapshot,
  SessionState,
  SessionSummary,
  ToWebview,
} from '../../shared/protocol/webview';
import { CostMeter, type SessionCost } from './cost-meter';
import { EventStreams } from './event-streams';
import {
  nameStackTables,
  readGlobals,
  readStackSnapshots,
  SessionMaps,
  type TableContent,
} from './session-maps';
import type { StackTableContent } from './stack-samples';

export interface SessionUpdate {
  readonly sessionId: string;
  /** The pages it matters to. */
  readonly panels: readonly PanelName[];
  readonly message: ToWebview;
}

export interface SessionIdentity {
  readonly title: string;
  /** What was compiled, or the object file that was attached as it is. */
  readonly program: vscode.Uri;
  readonly targetId: 'local' | 'vm';
  readonly target: string;
  readonly eventBytesLimit: number;
  /** The panel's page is on screen. */
  isWatched(panel: PanelName): boolean;
  /** Somebody sees what programs cost: the kernel's statistics slow every BPF program down a little. */
  isCostWatched(): boolean;
}

/** Snapshots of histograms kept for the time line; as many as a page draws. */
const HISTORY_LIMIT = 300;
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
  /** What the programs cost; null while nobody looks, and where the kernel does not tell. */
  cost: SessionCost | null = null;
  /** Why statistics cannot be turned on; '' when they can, as far as known. */
  costRefusal = '';

  private state: SessionState = 'starting';
  private message = '';
  private readonly startedAtMs = Date.now();
  private endedAtMs: number | null = null;
  private tracing: TracingSession | null = null;
  private maps: SessionMaps | null = null;
  private symbolizer: Symbolizer | null = null;
  private readonly costMeter = new CostMeter();
  private measuresCost = false;
  private streams: EventStreams | null = null;
  private readonly history: HistogramSnapshot[] = [];
  /** The newest that left the history: what its oldest adds to. */
  private historyBase: HistogramSnapshot | null = null;
  private tables: readonly TableContent[] = [];
  private globals: readonly GlobalValue[] = [];
  private stacks: readonly StackTableContent[] = [];
  /** Read at the end, to be named once everything is detached: debug information of a large program takes its time. */
  private lastStacks: readonly StackSnapshot[] = [];
  private timer: NodeJS.Timeout | null = null;
  private reading: Promise<void> = Promise.resolve();
  private rateFrom = { events: 0, atMs: Date.now() };

  private readonly updates = new vscode.EventEmitter<SessionUpdate>();
  readonly onDidUpdate = this.updates.event;
  private readonly changes = new vscode.EventEmitter<void>();
  /** State, rates or drops changed: trees and the status bar draw themselves again. */
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

  /** The object's programs, those not attached included. */
  get programs(): readonly Program[] {
    return this.tracing?.object.programs ?? [];
  }

  /** Records lost anywhere on their way. */
  get lost(): number {
    return this.drops.kernel + this.drops.tracer + this.drops.client;
  }

  /** Milliseconds it ran, or has been running. */
  get ageMs(): number {
    return (this.endedAtMs ?? Date.now()) - this.startedAtMs;
  }

  /** The pages that have something to show, in the order of PANELS. */
  get panels(): readonly PanelName[] {
    return this.tracing ? panelsOf(this.tracing.object) : [];
  }

  /** The pages to show by themselves. */
  get mainPanels(): readonly PanelName[] {
    return this.tracing ? mainPanelsOf(this.tracing.object) : [];
  }

  /** Listens before anything is attached, so that the first record is not missed. The model disposes the symbolizer. */
  listen(tracing: TracingSession, symbolizer: Symbolizer): void {
    this.tracing = tracing;
    this.maps = new SessionMaps(tracing);
    this.symbolizer?.dispose();
    this.symbolizer = symbolizer;
    this.streams = new EventStreams(
      this.id,
      tracing.streams,
      this.identity.eventBytesLimit,
      async addresses =>
        (await symbolizer.kernelNames(addresses)).map(name => (name === UNKNOWN_NAME ? null : name)),
    );
    tracing.onFrame((stream, frame) => this.receive(stream, frame));
  }

  /** Addresses of that process can be named when it is gone, too. */
  async watchProcess(pid: number): Promise<void> {
    if (this.tracing && showsUserStacks(this.tracing.object))
      await this.symbolizer?.watchRunningProcess(pid, this.tracing);
  }

  running(): void {
    this.state = 'running';
    this.changed();
    this.schedule(FIRST_READ_MS);
  }

  /** Takes the last records and map contents, then detaches. The received data stays. */
  async end(state: 'ended' | 'failed', message: string): Promise<void> {
    if (!this.isLive) return;
    const tracing = this.tracing;
    const wasRunning = this.state === 'running';
    this.state = state;
    this.message = message;
    this.endedAtMs = Date.now();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    try {
      if (tracing && wasRunning && state === 'ended') {
        await this.reading;
        await tracing.drain();
        await this.readMaps(true);
      }
    } finally {
      try {
        await tracing?.close();
      } finally {
        this.nameLastStacks();
        this.eventsPerSecond = 0;
        this.changed();
      }
    }
  }

  /** Everything a page needs that has just loaded, oldest first. */
  hydration(panel: PanelName): ToWebview[] {
    const sessionId = this.id;
    const drops: ToWebview = { type: 'drops', sessionId, drops: this.drops };
    const messages: ToWebview[] = [this.sessionMessage(true)];
    if (panel === 'histogram') {
      // The newest state comes last and by itself: sent twice, it would be an interval in which nothing was added.
      const newest = this.history.at(-1);
      messages.push(
        {
          type: 'histogramHistory',
          sessionId,
          base: this.historyBase,
          snapshots: this.history.slice(0, -1),
        },
        drops,
        ...(newest
          ? [{ type: 'histograms', sessionId, histograms: newest.histograms, atMs: newest.atMs } as const]
          : []),
      );
    } else messages.push(drops);
    if (panel === 'stacks') messages.push(...this.stackMessages(Date.now()));
    if (panel === 'maps') messages.push(...this.mapMessages(Date.now()));
    if (panel === 'events') messages.push(...(this.streams?.hydration() ?? []));
    return messages;
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
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
    this.updates.fire({ sessionId: this.id, panels: PANELS, message: this.sessionMessage() });
    this.changes.fire();
  }

  private receive(stream: SessionStream, frame: DataFrame): void {
    if (!this.streams) return;
    const { records, messages, named } = this.streams.receive(stream, frame);
    this.events += records;
    this.tellEvents(messages);
    // Where the kernel's symbols cannot be read, addresses stay addresses.
    named.then(
      message => message && this.tellEvents([message]),
      () => undefined,
    );
  }

  private tellEvents(messages: readonly ToWebview[]): void {
    for (const message of messages) this.updates.fire({ sessionId: this.id, panels: ['events'], message });
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.reading = this.readMaps()
        .catch(error => {
          // A connection that ended says so itself; anything else ends the session, with its reason.
          if (this.state === 'running')
            void this.end('failed', error instanceof Error ? error.message : String(error));
        })
        .finally(() => {
          if (this.state === 'running') this.schedule(READ_INTERVAL_MS);
        });
    }, delayMs);
  }

  /**
   * Statistics are on only while somebody looks; one refusal to turn them on is enough. They may be on for the whole
   * machine even so (sysctl kernel.bpf_stats_enabled): then the counters move.
   */
  private async readCost(tracing: TracingSession): Promise<void> {
    if (!this.identity.isCostWatched()) {
      if (this.measuresCost) await tracing.statistics(false);
      this.measuresCost = false;
      this.costMeter.reset();
      this.cost = null;
      return;
    }
    const mayTurnOn = this.costRefusal === '';
    try {
      const { programs } = await tracing.statistics(mayTurnOn);
      this.measuresCost = mayTurnOn;
      if (mayTurnOn || programs.some(({ runCount }) => runCount !== '0'))
        this.cost = this.costMeter.measure(programs, performance.now()) ?? this.cost;
    } catch (error) {
      if (!mayTurnOn || !(error instanceof TracerRequestError)) throw error;
      this.costRefusal = error.message;
    }
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

  private async nameStacks(snapshots: readonly StackSnapshot[], symbolizer: Symbolizer): Promise<void> {
    this.stacks = await nameStackTables(snapshots, symbolizer);
    for (const message of this.stackMessages(Date.now()))
      this.updates.fire({ sessionId: this.id, panels: ['stacks'], message });
  }

  /** The last thing the symbolizer is for. What cannot be named keeps what was named before. */
  private nameLastStacks(): void {
    const { symbolizer } = this;
    if (!symbolizer) return;
    (this.lastStacks.length > 0 ? this.nameStacks(this.lastStacks, symbolizer) : Promise.resolve())
      .catch(() => undefined)
      .finally(() => symbolizer.dispose());
  }

  private stackMessages(atMs: number): ToWebview[] {
    const sessionId = this.id;
    return this.stacks.map(table => ({ type: 'stacks', sessionId, ...table, atMs }));
  }

  /** `all`: also what no page on screen asks for, because it is the last time. */
  private async readMaps(all = false): Promise<void> {
    const { tracing, maps } = this;
    if (!tracing || !maps) return;
    const sessionId = this.id;
    maps.nextRound();
    const histograms = await maps.readHistograms();
    const counts = await readDropCounts(tracing);
    this.drops = sumDrops(counts, tracing.frameLosses, 0);
    this.tellEvents(this.streams?.countDrops(counts) ?? []);
    const atMs = Date.now();
    const seconds = Math.max(0.001, (atMs - this.rateFrom.atMs) / 1000);
    this.eventsPerSecond = (this.events - this.rateFrom.events) / seconds;
    this.rateFrom = { events: this.events, atMs };
    this.updates.fire({
      sessionId,
      panels: PANELS,
      message: { type: 'drops', sessionId, drops: this.drops, atMs },
    });
    if (histograms) {
      this.history.push({ atMs, histograms, drops: this.drops });
      if (this.history.length > HISTORY_LIMIT) this.historyBase = this.history.shift() ?? null;
      this.updates.fire({
        sessionId,
        panels: ['histogram'],
        message: { type: 'histograms', sessionId, histograms, atMs },
      });
    }
    if (!all) await this.readCost(tracing);
    if (this.symbolizer && (all || this.identity.isWatched('stacks'))) {
      const snapshots = await readStackSnapshots(tracing, this.symbolizer);
      if (all) this.lastStacks = snapshots;
      else await this.nameStacks(snapshots, this.symbolizer);
    }
    if (all || this.identity.isWatched('maps')) {
      this.tables = await maps.readTables();
      this.globals = await readGlobals(tracing);
      for (const message of this.mapMessages(atMs))
        this.updates.fire({ sessionId, panels: ['maps'], message });
    }
    this.changes.fire();
  }
}
