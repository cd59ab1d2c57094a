/**
 * Pause, for pages whose host keeps only the newest reading of a table: the readings on screen stay, later ones wait,
 * and both survive hiding, moving or reloading the page. No DOM.
 */
import type { SessionSummary } from '../../src/shared/protocol/webview';
import { packMessage, unpackMessage } from '../../src/shared/protocol/webview-codec';

/** What a paused page saves in its state: JSON. */
export interface SavedReadings {
  /** As returned by sessionKey. */
  readonly session: string;
  /** The readings on screen, oldest first; JSON packed as in webview-codec. */
  readonly readings: string;
}

/**
 * Limit of characters of readings saved in a page's state. VS Code holds the state in memory and copies it on each
 * change; a table of some ten thousand entries fits.
 */
const MOST_SAVED = 4 << 20;

/** Identifies a session across windows: each window numbers its sessions from the start. */
export function sessionKey({ id, startedAtMs }: Pick<SessionSummary, 'id' | 'startedAtMs'>): string {
  return `${id} ${startedAtMs}`;
}

export class HeldReadings<Reading> {
  /** The newest readings that were shown, by table, oldest first. */
  private readonly shown = new Map<string, readonly Reading[]>();
  /** While held: the newest reading received since, by table. */
  private waiting: Map<string, Reading> | null = null;
  private session = '';

  /** `tableOf`: which table a reading is of; `depth`: readings needed for the display (2: the newest and its changes). */
  constructor(
    private readonly depth: number,
    private readonly tableOf: (reading: Reading) => string,
    private readonly show: (reading: Reading) => void,
  ) {}

  get held(): boolean {
    return this.waiting !== null;
  }

  /** Shows the reading, or keeps it for later. */
  receive(reading: Reading): void {
    const table = this.tableOf(reading);
    if (this.waiting) {
      this.waiting.set(table, reading);
      return;
    }
    this.shown.set(table, [...(this.shown.get(table) ?? []), reading].slice(-this.depth));
    this.show(reading);
  }

  /** Starts a session and forgets all readings of another one. Readings of this one in `saved` are shown, and held. */
  begin(session: string, saved: SavedReadings | null): void {
    this.session = session;
    this.shown.clear();
    this.waiting = null;
    if (saved?.session !== session) return;
    for (const reading of unpackMessage(JSON.parse(saved.readings, unpackBytes)) as Reading[])
      this.receive(reading);
    this.waiting = new Map();
  }

  /**
   * Holds the readings, or shows those received meanwhile. Returns what restores them after a reload; null if nothing
   * is held, or too much.
   */
  pause(paused: boolean): SavedReadings | null {
    const { waiting } = this;
    this.waiting = paused ? (waiting ?? new Map()) : null;
    if (!paused) {
      for (const reading of waiting?.values() ?? []) this.receive(reading);
      return null;
    }
    const readings = JSON.stringify(packMessage([...this.shown.values()].flat()), packBytes);
    return readings.length > MOST_SAVED ? null : { session: this.session, readings };
  }
}

const BYTES = '$bytes';

/** JSON cannot represent bytes. */
function packBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { [BYTES]: [...value] } : value;
}

function unpackBytes(_name: string, value: unknown): unknown {
  const isPacked = typeof value === 'object' && value !== null && BYTES in value;
  return isPacked && Array.isArray(value[BYTES]) ? Uint8Array.from(value[BYTES]) : value;
}
