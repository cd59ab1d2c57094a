/** The user's place in the list, kept across a reload of the page: row numbers change then, record counts do not. */
import type { EventStream } from './event-stream';
import type { GridPlace } from './record-grid';
import type { ViewState } from './state';

/** Delay after the last move through the list: VS Code copies a state on each change. */
const SAVED_AFTER_MS = 200;

export class SavedPlace {
  /** The place before a reload; null once it was restored. */
  private wanted: ViewState['place'] = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `save`: called once the user has stopped moving. */
  constructor(private readonly save: () => void) {}

  /** The user moved. */
  note(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.save, SAVED_AFTER_MS);
  }

  /** Sets the place to restore once the rows are listed. */
  want(place: ViewState['place']): void {
    this.wanted = place;
  }

  /** The user moves elsewhere: the saved place is no longer restored. */
  giveUp(): void {
    this.wanted = null;
  }

  get isWanted(): boolean {
    return this.wanted !== null;
  }

  /** The place in row numbers; null if there is none to restore. Returned once. */
  take(stream: EventStream): (GridPlace & { readonly detail: boolean }) | null {
    const { wanted } = this;
    if (!wanted) return null;
    this.wanted = null;
    const rowAfter = (records: number): number => (records < 0 ? -1 : stream.store.rowAfter(records));
    return {
      top: rowAfter(wanted.top),
      active: rowAfter(wanted.active),
      anchor: rowAfter(wanted.anchor),
      detail: wanted.detail,
    };
  }
}

/** Converts a place in row numbers to numbers of preceding records. */
export function placeInRecords({ store }: EventStream, { top, active, anchor }: GridPlace): GridPlace {
  const recordsBefore = (row: number): number => (row < 0 ? -1 : store.recordsBefore(row));
  return { top: recordsBefore(top), active: recordsBefore(active), anchor: recordsBefore(anchor) };
}
