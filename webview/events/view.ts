/** The Events page's elements and what the user can do with them. */
import type { Drops } from '../../src/shared/decode/model';
import type { FromWebview, SessionSummary } from '../../src/shared/protocol/webview';
import { atMostEvery, element, oncePerFrame, setText } from '../common/dom';
import { sessionKey } from '../common/held-readings';
import { createPanelFrame, type ExportedFile } from '../common/panel-frame';
import { countOf, formatCount, formatQuantity } from '../common/quantity';
import { button, dropdown, toggle } from '../common/toolkit';
import { createDetailPane } from './detail';
import type { EventStream, SortChoice } from './event-stream';
import { recordsText } from './export';
import type { Predicate } from './filter';
import { createFilterBox } from './filter-box';
import { createRateLine } from './rate-line';
import { createGrid, type GridPlace } from './record-grid';

export interface ViewState {
  stream: string | null;
  filter: string;
  sort: SortChoice | null;
  follow: boolean;
  /** Paused streams: how many records each had, by name. */
  held: { readonly session: string; readonly records: Readonly<Record<string, number>> } | null;
  /** What is in view and chosen, as records before it (RecordStore.recordsBefore); -1 for none. */
  place: (GridPlace & { readonly session: string; readonly stream: string; readonly detail: boolean }) | null;
}

export interface EventsView {
  noSession(trusted: boolean): void;
  session(session: SessionSummary, streams: readonly EventStream[]): void;
  drops(drops: Drops): void;
  draw(): void;
  redraw(): void;
  /** Kernel addresses have more names than before. */
  renamed(): void;
  /** All records there were when the page was loaded are there. */
  hydrated(): void;
  export(kind: string): void;
}

/** Most records a copy or an export takes: text of more would not fit a clipboard or a message. */
const MOST_COPIED = 10_000;
/** Between two drawings of arriving records, and of the rate line, which moves once a second. */
const DATA_MS = 66;
const RATE_MS = 250;
const MOST_EXPORTED = 1_000_000;
/** After the last move through the list: VS Code copies a state with each change. */
const PLACE_SAVED_AFTER_MS = 200;

export function createEventsView(
  root: HTMLElement,
  state: ViewState,
  host: { post(message: FromWebview): void; save(state: ViewState): void },
): EventsView {
  let streams: readonly EventStream[] = [];
  let current: EventStream | null = null;
  let summary: SessionSummary | null = null;
  let predicate: Predicate | null = null;
  let detailOpen = false;
  let rateDrawnAt = Number.NEGATIVE_INFINITY;
  let rateOf: EventStream | null = null;
  /** Where the user was before the page was loaded anew; null once it was found. */
  let wanted: ViewState['place'] = null;
  let placeTimer: ReturnType<typeof setTimeout> | undefined;
  const draw = oncePerFrame(render);
  const drawData = atMostEvery(DATA_MS, root, render);

  const streamChoice = dropdown<string>('Stream', [], '', name => {
    state.stream = name;
    host.save(state);
    choose();
  });
  const follow = toggle({
    label: 'Follow',
    icon: 'arrow-down',
    title: 'Keep the newest record in view',
    pressed: state.follow,
    onChange: pressed => {
      setFollow(pressed);
      draw();
    },
  });
  const pause = toggle({
    label: 'Pause',
    icon: 'debug-pause',
    title: 'Hold the list still; records are still kept',
    pressed: false,
    onChange: pressed => {
      setPaused(pressed);
      draw();
    },
  });
  const filter = createFilterBox((text, next) => {
    state.filter = text;
    predicate = next;
    host.save(state);
    current?.filter(next);
    if (state.sort) sortNow();
    draw();
  });
  const copy = button({
    label: 'Copy Selected Rows',
    icon: 'copy',
    iconOnly: true,
    onClick: () => copyRows(),
  });
  const rate = createRateLine();
  const rateNow = element('span', { class: 'rate-now' });
  const counts = element('span', { class: 'muted', role: 'status' });
  const newer = button({
    label: 'Show Newer',
    icon: 'refresh',
    onClick: () => {
      if (current?.isSorted) sortNow();
      else {
        pause.set(false);
        setPaused(false);
        draw();
      }
    },
  });
  const strip = element('div', { class: 'strip' }, rateNow, rate.element, rate.table, counts, newer);
  const grid = createGrid({
    onSort: field => {
      const again = state.sort?.column === field.name;
      // Largest first, then smallest, then the order of arrival.
      state.sort = !again
        ? { column: field.name, descending: true }
        : state.sort?.descending
          ? { column: field.name, descending: false }
          : null;
      host.save(state);
      sortNow();
    },
    onActive: () => {
      if (detailOpen) showDetail();
      notePlace();
    },
    onMove: atEnd => {
      wanted = null;
      notePlace();
      if (state.follow !== atEnd && !state.sort) setFollow(atEnd && !current?.paused);
    },
    onCopy: () => copyRows(),
    onDetail: () => {
      detailOpen = true;
      showDetail();
      notePlace();
    },
  });
  const detail = createDetailPane(() => {
    detailOpen = false;
    detail.element.hidden = true;
    notePlace();
    grid.element.focus();
  });
  const content = element('div', { class: 'content' }, grid.element, detail.element);
  const frame = createPanelFrame<'events'>(root, {
    label: 'Events',
    // A stream without records must not hide the way to the others.
    always: [streamChoice.element],
    left: [filter.element],
    right: [follow.element, pause.element, copy],
    above: [filter.problem],
    content: [strip, content],
    exporters: {
      csv: () => rowsFile('csv'),
      ndjson: () => rowsFile('ndjson'),
      json: () => rowsFile('json'),
    },
    post: host.post,
  });

  function setFollow(value: boolean): void {
    state.follow = value;
    follow.set(value);
    host.save(state);
  }

  function setPaused(paused: boolean): void {
    current?.pause(paused);
    const held = streams.flatMap(({ description, heldRecords }) =>
      heldRecords === null ? [] : [[description.stream, heldRecords] as const],
    );
    state.held =
      summary && held.length > 0 ? { session: sessionKey(summary), records: Object.fromEntries(held) } : null;
    // A list that followed had no place of its own.
    savePlace();
    host.save(state);
  }

  function notePlace(): void {
    clearTimeout(placeTimer);
    placeTimer = setTimeout(savePlace, PLACE_SAVED_AFTER_MS);
  }

  function savePlace(): void {
    if (!current || !summary || wanted) return;
    const { store, description } = current;
    const { top, active, anchor } = grid.place();
    const recordsBefore = (row: number): number => (row < 0 ? -1 : store.recordsBefore(row));
    state.place = {
      session: sessionKey(summary),
      stream: description.stream,
      top: recordsBefore(top),
      active: recordsBefore(active),
      anchor: recordsBefore(anchor),
      detail: detailOpen,
    };
    host.save(state);
  }

  /** Goes where the user was, once the rows are listed. `all`: no more will be found. */
  function findPlace(stream: EventStream, all: boolean): void {
    if (!wanted || !all || (state.sort !== null && !stream.isSorted)) return;
    const { top, active, anchor, detail: wasOpen } = wanted;
    const rowAfter = (records: number): number => (records < 0 ? -1 : stream.store.rowAfter(records));
    wanted = null;
    grid.goTo({
      top: state.follow && !stream.paused ? -1 : rowAfter(top),
      active: rowAfter(active),
      anchor: rowAfter(anchor),
    });
    detailOpen = wasOpen && grid.active() !== null;
    if (detailOpen) showDetail();
  }

  function choose(): void {
    current = streams.find(stream => stream.description.stream === state.stream) ?? streams[0] ?? null;
    streamChoice.options(
      streams.map(stream => ({ value: stream.description.stream, label: stream.description.label })),
    );
    streamChoice.element.hidden = streams.length < 2;
    if (!current) return;
    streamChoice.set(current.description.stream);
    pause.set(current.paused);
    grid.show(current);
    // An expression over other columns filters nothing.
    predicate = null;
    filter.start(current.reader.columns, state.filter);
    sortNow();
    draw();
  }

  function sortNow(): void {
    const field = current?.reader.columns.find(column => column.name === state.sort?.column) ?? null;
    if (!field) state.sort = null;
    grid.sort(state.sort);
    if (field && state.follow) setFollow(false);
    current?.sort(field, state.sort?.descending ?? false, draw);
  }

  function showDetail(): void {
    const row = grid.active();
    detail.element.hidden = row === null;
    if (row !== null && current) detail.show(current, row);
  }

  function copyRows(): void {
    const rows = grid.selection().slice(0, MOST_COPIED);
    if (current && rows.length > 0) host.post({ type: 'copy', text: recordsText(current, rows, 'tsv') });
  }

  function rowsFile(format: 'csv' | 'ndjson' | 'json'): ExportedFile | null {
    if (!current || current.length === 0) return null;
    const stream = current;
    const rows = (function* () {
      for (let index = Math.max(0, stream.length - MOST_EXPORTED); index < stream.length; index++)
        yield stream.rowAt(index);
    })();
    return { format, name: stream.description.stream, content: recordsText(stream, rows, format) };
  }

  function render(): void {
    if (!current) return;
    const { store } = current;
    if (store.endRow === 0) {
      showWaiting();
      return;
    }
    frame.showContent();
    const { more, gone } = current.refresh();
    if (gone > 0 && !state.follow) grid.shift(gone);
    grid.draw(state.follow && !current.paused && !current.isSorted);
    findPlace(current, !more);
    if (performance.now() - rateDrawnAt >= RATE_MS || rateOf !== current) {
      rateDrawnAt = performance.now();
      rateOf = current;
      rate.draw(current.rate);
    }
    setText(rateNow, `${formatCount(current.rate.perSecond)}/s`);
    const parts = [
      predicate
        ? `${formatCount(current.length)} of ${countOf(store.endRow - store.firstRow, 'row', 'rows')}`
        : countOf(current.length, 'row', 'rows'),
      ...(store.firstRow > 0
        ? [`oldest ${formatCount(store.firstRow)} left (limit ${formatQuantity(limitOf(current), 'bytes')})`]
        : []),
      ...(store.lost > 0 ? [`${formatCount(store.lost)} lost`] : []),
      ...(current.paused ? ['paused'] : []),
      ...(current.isSorted ? ['sorted'] : []),
    ];
    setText(counts, parts.join(' · '));
    newer.hidden = current.newer === 0;
    if (!newer.hidden) newer.lastChild?.replaceWith(`${formatCount(current.newer)} newer`);
    if (more) draw();
  }

  function limitOf(stream: EventStream): number {
    return stream.limitBytes;
  }

  function showWaiting(): void {
    if (!summary) return;
    frame.session(summary, {
      absent:
        streams.length > 0
          ? null
          : 'This program sends no events. A ring buffer, a perf buffer or bpf_printk shows up here.',
      waiting: 'Attached; no event yet. Rows appear as the program submits records.',
      ended: 'The session ended without an event.',
    });
  }

  return {
    noSession: trusted => {
      current = null;
      summary = null;
      frame.noSession(trusted);
    },
    session: (session, all) => {
      const same = all.length === streams.length && all.every((stream, index) => stream === streams[index]);
      summary = session;
      streams = all;
      frame.session(session, null);
      if (!same || !current) choose();
      if (!current || current.store.endRow === 0) showWaiting();
    },
    hydrated: () => {
      if (!current || !summary) return;
      const key = sessionKey(summary);
      for (const stream of streams) {
        const records =
          state.held?.session === key ? state.held.records[stream.description.stream] : undefined;
        if (records !== undefined) stream.holdAt(records);
      }
      pause.set(current.paused);
      if (state.place?.session === key && state.place.stream === current.description.stream)
        wanted = state.place;
      // Anew, for rows that came after the pause may have been let through.
      if (predicate) current.filter(predicate);
      if (state.sort) sortNow();
      draw();
    },
    drops: frame.drops,
    draw: drawData,
    redraw: () => {
      rateOf = null;
      draw();
    },
    renamed: () => {
      if (!current?.reader.fields.some(field => current?.reader.addressNames(0, field))) return;
      grid.forget();
      if (detailOpen) showDetail();
      // Rows were let through or not, and ordered, by addresses.
      if (predicate) current.filter(predicate);
      if (state.sort) sortNow();
      draw();
    },
    export: frame.export,
  };
}
