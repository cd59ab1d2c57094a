/**
 * The contract between the extension host and a panel's page. The host keeps the model; a page is hydrated when it
 * becomes visible and then gets increments, so that hiding, moving or reloading it loses nothing. Bytes travel as
 * ArrayBuffer; numbers over 2^53 as bigint (structured clone carries both).
 */
import type { Drops, Histogram, MapEntry } from '../decode/model';
import type { RecordLayout } from '../object/model';

export type SessionState =
  | 'starting'
  | 'running'
  /** Ended by the person, by its time or command. */
  | 'ended'
  /** Ended by an error or a target that died: `message` says what happened and what to do. */
  | 'failed';

export interface SessionSummary {
  readonly id: string;
  readonly title: string;
  readonly target: string;
  readonly state: SessionState;
  readonly message: string;
  readonly startedAtMs: number;
  readonly attached: readonly { readonly program: string; readonly attach: string }[];
}

/** Where one event stream's raw spans begin: enough for the page to index and decode rows by itself. */
export interface StreamDescription {
  readonly stream: string;
  readonly label: string;
  readonly content: 'ring' | 'perf' | 'printk';
  /** null: records of unknown type, shown as bytes. */
  readonly record: RecordLayout | null;
}

/** Host to page. */
export type ToWebview =
  | { readonly type: 'noSession'; readonly trusted: boolean }
  | { readonly type: 'session'; readonly session: SessionSummary; readonly streams: readonly StreamDescription[] }
  | {
      readonly type: 'histograms';
      readonly sessionId: string;
      /** Complete state since attach; the page draws differences itself. */
      readonly histograms: readonly Histogram[];
      readonly atMs: number;
    }
  | { readonly type: 'mapEntries'; readonly sessionId: string; readonly map: string; readonly entries: readonly MapEntry[]; readonly atMs: number }
  | {
      readonly type: 'span';
      readonly sessionId: string;
      readonly stream: string;
      /** Whole records with their headers (DataContent ringSpan / perfRecords) or UTF-8 lines (printk). */
      readonly bytes: ArrayBuffer;
      readonly lost: number;
      readonly atMs: number;
    }
  /** Oldest `records` rows left the host's bounded store. */
  | { readonly type: 'evicted'; readonly sessionId: string; readonly stream: string; readonly records: number }
  | { readonly type: 'drops'; readonly sessionId: string; readonly drops: Drops };

/** Page to host. */
export type FromWebview =
  /** The page is ready for its state; sent on each load. */
  | { readonly type: 'ready' }
  | { readonly type: 'command'; readonly command: 'detach' | 'attachAgain' | 'openTemplates' | 'showLog' | 'openProgram' }
  | { readonly type: 'pageError'; readonly message: string };
