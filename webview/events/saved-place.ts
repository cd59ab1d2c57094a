/** Where the user is in the list, kept over a reload of the page: rows have other numbers then, records do not. */
import type { EventStream } from './event-stream';
import type { GridPlace } from './record-grid';
import type { ViewState } from './state';

/** After the last move through the list: VS Code copies a state with each change. */
const SAVED_AFTER_MS = 200;

export class SavedPlace {
  /** Where the user was before the page was loaded anew; null once it was found. */
  private wanted: ViewState['place'] = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `save`: called once the user has come to rest. */
  constructor(private readonly save: () => void) {}

  /** The user is somewhere else now. */
  note(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.save, SAVED_AFTER_MS);
  }

  /** To be found once the rows are listed. */
  want(place: ViewState['place']): void {
    this.wanted = place;
  }

  /** The user goes where they like: nothing is to be found any more. */
  giveUp(): void {
    this.wanted = null;
  }

  get isWanted(): boolean {
    return this.wanted !== null;
  }

  /** The place in row numbers; null when none is wanted. It is given out once. */
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

/** A place in row numbers, as records before it. */
export function placeInRecords({ store }: EventStream, { top, active, anchor }: GridPlace): GridPlace {
  const recordsBefore = (row: number): number => (row < 0 ? -1 : store.recordsBefore(row));
  return { top: recordsBefore(top), active: recordsBefore(active), anchor: recordsBefore(anchor) };
}
