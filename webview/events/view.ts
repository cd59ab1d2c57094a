/** The Events page: a stream's records as a list that follows, filters and sorts, and one record in detail. */
import type { FromWebview, SessionSummary } from '../../src/shared/protocol/webview';
import { atMostEvery, element, oncePerFrame } from '../common/dom';
import { sessionKey } from '../common/held-readings';
import { createPanelFrame, type ExportedFile, type PanelFrame } from '../common/panel-frame';
import { copyButton, nextSort, pauseToggle } from '../common/toolbar';
import { type Choice, dropdown, type Toggle, toggle } from '../common/toolkit';
import { ActivityStrip } from './activity-strip';
import { createDetailPane } from './detail';
import type { EventStream } from './event-stream';
import { recordsText } from './export';
import type { Predicate } from './filter';
import { FilterBox } from './filter-box';
import { mapPlace, RecordGrid } from './record-grid';
import type { ViewState } from './state';

/** Maximum number of records in a copy or an export: more text would not fit a clipboard or a message. */
const MOST_COPIED = 10_000;
const MOST_EXPORTED = 1_000_000;
/** Interval between drawings of arriving records. */
const DATA_MS = 66;
/** Delay after the last move through the list: VS Code copies a state on each change. */
const PLACE_SAVED_AFTER_MS = 200;

export class EventsView {
  private streams: readonly EventStream[] = [];
  private current: EventStream | null = null;
  private summary: SessionSummary | null = null;
  private predicate: Predicate | null = null;
  private detailOpen = false;
  private readonly streamChoice: Choice<string>;
  private readonly follow: Toggle;
  private readonly pause: Toggle;
  private readonly filter = new FilterBox((text, predicate) => this.filtered(text, predicate));
  private readonly strip = new ActivityStrip(() => this.showNewer());
  private readonly grid: RecordGrid;
  private readonly detail = createDetailPane(() => this.closeDetail());
  /** The place before a reload; null once it was restored. */
  private wanted: ViewState['place'] = null;
  private placeTimer: ReturnType<typeof setTimeout> | undefined;
  readonly frame: PanelFrame;
  private readonly drawSoon = oncePerFrame(() => this.render());
  /** Draws records that arrived. */
  readonly draw: () => void;

  constructor(
    root: HTMLElement,
    private readonly state: ViewState,
    private readonly host: { post(message: FromWebview): void; save(state: ViewState): void },
  ) {
    this.draw = atMostEvery(DATA_MS, root, () => this.render());
    this.streamChoice = dropdown<string>('Stream', [], '', name => {
      state.stream = name;
      host.save(state);
      this.choose();
    });
    this.follow = toggle({
      label: 'Follow',
      icon: 'arrow-down',
      title: 'Keep the newest record in view',
      pressed: state.follow,
      onChange: pressed => {
        this.setFollow(pressed);
        this.drawSoon();
      },
    });
    this.pause = pauseToggle('Freeze the list; records are still collected', paused =>
      this.setPaused(paused),
    );
    this.grid = new RecordGrid({
      onSort: column => {
        state.sort = nextSort(state.sort, column);
        host.save(state);
        this.sortNow();
      },
      onShowAs: (of, value) => host.post({ type: 'showAs', of, value }),
      onActive: () => {
        if (this.detailOpen) this.showDetail();
        this.notePlace();
      },
      onMove: atEnd => {
        this.wanted = null;
        this.notePlace();
        if (state.follow !== atEnd && !state.sort) this.setFollow(atEnd && !this.current?.paused);
      },
      onCopy: () => this.copyRows(),
      onDetail: () => {
        this.detailOpen = true;
        this.showDetail();
        this.notePlace();
      },
    });
    this.frame = createPanelFrame<'events'>(root, {
      label: 'Events',
      // A stream without records must not hide the list of streams.
      always: [this.streamChoice.element],
      left: [this.filter.element],
      right: [
        this.follow.element,
        this.pause.element,
        copyButton('Copy Selected Rows', () => this.copyRows()),
      ],
      above: [this.filter.problem],
      content: [
        this.strip.element,
        element('div', { class: 'content' }, this.grid.element, this.detail.element),
      ],
      exporters: {
        csv: () => this.rowsFile('csv'),
        ndjson: () => this.rowsFile('ndjson'),
        json: () => this.rowsFile('json'),
      },
      post: host.post,
    });
  }

  /** The session was removed and no other is shown. */
  clear(): void {
    this.current = null;
    this.summary = null;
  }

  /** `streams`: the same array if no stream was added. */
  session(session: SessionSummary, streams: readonly EventStream[]): void {
    const same = streams === this.streams;
    this.summary = session;
    this.streams = streams;
    this.frame.session(session, null);
    if (!same || !this.current) this.choose();
    if (!this.current || this.current.store.endRow === 0) this.showWaiting();
  }

  /** All records from before the page was loaded have arrived. */
  hydrated(): void {
    const { current, summary, state } = this;
    if (!current || !summary) return;
    const key = sessionKey(summary);
    for (const stream of this.streams) {
      const records = state.held?.session === key ? state.held.records[stream.description.stream] : undefined;
      if (records !== undefined) stream.holdAt(records);
    }
    this.pause.set(current.paused);
    if (state.place?.session === key && state.place.stream === current.description.stream)
      this.wanted = state.place;
    // Start over, because rows that came after the pause may have passed the filter.
    this.listAnew(current);
  }

  redraw(): void {
    this.strip.redraw();
    this.drawSoon();
  }

  /** More kernel addresses have names than before. */
  renamed(): void {
    const { current } = this;
    if (!current?.reader.fields.some(field => current.reader.addressNames(0, field))) return;
    this.grid.forget();
    if (this.detailOpen) this.showDetail();
    // The filter and the order depend on addresses.
    this.listAnew(current);
  }

  private choose(): void {
    const { streams, state } = this;
    const current = streams.find(stream => stream.description.stream === state.stream) ?? streams[0] ?? null;
    this.current = current;
    this.streamChoice.options(
      streams.map(({ description }) => ({ value: description.stream, label: description.label })),
    );
    this.streamChoice.element.hidden = streams.length < 2;
    if (!current) return;
    this.streamChoice.set(current.description.stream);
    this.pause.set(current.paused);
    this.grid.show(current);
    // An expression over other columns filters nothing.
    this.predicate = null;
    this.filter.start(current.reader.columns, state.filter);
    this.sortNow();
    this.drawSoon();
  }

  private filtered(text: string, predicate: Predicate | null): void {
    this.state.filter = text;
    this.predicate = predicate;
    this.host.save(this.state);
    this.current?.filter(predicate);
    if (this.state.sort) this.sortNow();
    this.drawSoon();
  }

  private listAnew(stream: EventStream): void {
    if (this.predicate) stream.filter(this.predicate);
    if (this.state.sort) this.sortNow();
    this.drawSoon();
  }

  private sortNow(): void {
    const { current, state } = this;
    const field = current?.reader.columns.find(column => column.name === state.sort?.column) ?? null;
    if (!field) state.sort = null;
    this.grid.showSort(state.sort);
    if (field && state.follow) this.setFollow(false);
    current?.sort(field, state.sort?.descending ?? false, this.drawSoon);
  }

  private setFollow(follow: boolean): void {
    this.state.follow = follow;
    this.follow.set(follow);
    this.host.save(this.state);
  }

  private setPaused(paused: boolean): void {
    const { state, summary } = this;
    this.current?.pause(paused);
    const held = this.streams.flatMap(({ description, heldRecords }) =>
      heldRecords === null ? [] : [[description.stream, heldRecords] as const],
    );
    state.held =
      summary && held.length > 0 ? { session: sessionKey(summary), records: Object.fromEntries(held) } : null;
    // A list that followed the newest row had no place of its own.
    this.savePlace();
    this.host.save(state);
    this.drawSoon();
  }

  private showNewer(): void {
    if (this.current?.isSorted) this.sortNow();
    else {
      this.pause.set(false);
      this.setPaused(false);
    }
  }

  private notePlace(): void {
    clearTimeout(this.placeTimer);
    this.placeTimer = setTimeout(() => this.savePlace(), PLACE_SAVED_AFTER_MS);
  }

  private savePlace(): void {
    const { current, summary, state } = this;
    if (!current || !summary || this.wanted) return;
    state.place = {
      session: sessionKey(summary),
      stream: current.description.stream,
      ...mapPlace(this.grid.place(), row => current.store.recordsBefore(row)),
      detail: this.detailOpen,
    };
    this.host.save(state);
  }

  /** Restores the user's place, once the rows are listed. */
  private findPlace(stream: EventStream): void {
    const { wanted, state } = this;
    if (!wanted || (state.sort !== null && !stream.isSorted)) return;
    this.wanted = null;
    const place = mapPlace(wanted, records => stream.store.rowAfter(records));
    this.grid.goTo(state.follow && !stream.paused ? { ...place, top: -1 } : place);
    this.detailOpen = wanted.detail && this.grid.active() !== null;
    if (this.detailOpen) this.showDetail();
  }

  private showDetail(): void {
    const row = this.grid.active();
    this.detail.element.hidden = row === null;
    if (row !== null && this.current) this.detail.show(this.current, row);
  }

  private closeDetail(): void {
    this.detailOpen = false;
    this.detail.element.hidden = true;
    this.notePlace();
    this.grid.element.focus();
  }

  private copyRows(): void {
    const rows = this.grid.selection().slice(0, MOST_COPIED);
    if (this.current && rows.length > 0)
      this.host.post({ type: 'copy', text: recordsText(this.current, rows, 'tsv') });
  }

  private rowsFile(format: 'csv' | 'ndjson' | 'json'): ExportedFile | null {
    const stream = this.current;
    if (!stream || stream.length === 0) return null;
    const rows = (function* () {
      for (let index = Math.max(0, stream.length - MOST_EXPORTED); index < stream.length; index++)
        yield stream.rowAt(index);
    })();
    return { format, name: stream.description.stream, content: recordsText(stream, rows, format) };
  }

  private render(): void {
    const { current, state } = this;
    if (!current) return;
    if (current.store.endRow === 0) {
      this.showWaiting();
      return;
    }
    this.frame.showContent();
    const { more, gone } = current.refresh();
    if (gone > 0 && !state.follow) this.grid.shift(gone);
    this.grid.draw(state.follow && !current.paused && !current.isSorted);
    if (!more) this.findPlace(current);
    this.strip.draw(current, this.predicate !== null);
    if (more) this.drawSoon();
  }

  private showWaiting(): void {
    if (!this.summary) return;
    this.frame.session(this.summary, {
      absent:
        this.streams.length > 0
          ? null
          : 'This program sends no events. A ring buffer, a perf buffer or bpf_printk appears here.',
      waiting: 'Attached; no event yet. Rows appear as the program submits records.',
      ended: 'The session ended without an event.',
    });
  }
}
