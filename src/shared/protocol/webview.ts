/**
 * The contract between the extension host and a panel's page. The host keeps the model; a page is hydrated when it
 * becomes visible and then gets increments, so that hiding, moving or reloading it loses nothing. Bytes are sent as
 * ArrayBuffer; numbers over 2^53 as bigint, encoded by webview-codec.ts (VS Code's own transport is JSON, which throws
 * on them).
 */
import type { JsonValue } from '../decode/json-value';
import type { Drops, Histogram, MapEntry, RecordValue } from '../decode/model';
import type { MapDefinition, RecordLayout } from '../object/model';
import type { ExportFormat } from './webview-exports';

export type SessionState =
  | 'starting'
  | 'running'
  /** Ended by the user, its time limit or its command. */
  | 'ended'
  /** Ended by an error, or because the target ended: `message` has the error and the fix. */
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

/** Description of an event stream, with everything that the page needs to index and decode its records itself. */
export interface StreamDescription {
  readonly stream: string;
  readonly label: string;
  readonly content: 'ring' | 'perf' | 'printk';
  /** null: records of unknown type, shown as bytes. */
  readonly record: RecordLayout | null;
}

/** One frame of a stack, symbolized as far as the target allows. */
export interface StackFrame {
  /** Function name, or "[unknown]" (with file and offset where known) when no symbol was found. */
  readonly name: string;
  /** Module, library or executable; '' when unknown. */
  readonly module: string;
  readonly kind: 'kernel' | 'user';
}

/** One distinct stack with its values. Frames are outermost first. */
export interface StackSample {
  readonly frames: readonly StackFrame[];
  /** The rest of the key (pid, comm ...) as JSON contains it, by field name. */
  readonly key: Readonly<Record<string, JsonValue>>;
  readonly count: number;
  /** Sum of the measured values (bytes, ns); null when the program only counts. */
  readonly value: number | null;
}

/** A non-const global variable of the program, read from .bss or .data. */
export interface GlobalValue {
  readonly name: string;
  readonly section: string;
  readonly layout: RecordLayout;
  readonly value: RecordValue;
}

/** The complete state of a session's histograms, and the records lost since attach, at one time. */
export interface HistogramSnapshot {
  readonly atMs: number;
  readonly histograms: readonly Histogram[];
  readonly drops: Drops;
}

/** Host to page. */
export type ToWebview =
  | { readonly type: 'noSession'; readonly trusted: boolean }
  | {
      readonly type: 'session';
      readonly session: SessionSummary;
      readonly streams: readonly StreamDescription[];
      /** Definitions of the maps that the page will receive, with the key and value layouts for formatting. */
      readonly maps?: readonly MapDefinition[];
      /** True when the complete state follows: the page discards what it has of this session. */
      readonly fresh?: boolean;
      /** Limit of the bytes of records that a page may keep per stream (a setting); the page has its own default. */
      readonly eventBytesLimit?: number;
    }
  | {
      readonly type: 'histograms';
      readonly sessionId: string;
      /** Complete state since attach; the page computes differences itself. */
      readonly histograms: readonly Histogram[];
      readonly atMs: number;
    }
  /**
   * Sent once after 'session' when a page is hydrated: the snapshots of earlier 'histograms' messages, oldest first, as
   * far back as the host keeps them (300 are drawn). A page that gets none starts with an empty time line. `base` is the
   * newest snapshot that was evicted: not an interval, but the base of the oldest one that is kept; null if none was evicted.
   */
  | {
      readonly type: 'histogramHistory';
      readonly sessionId: string;
      readonly base: HistogramSnapshot | null;
      readonly snapshots: readonly HistogramSnapshot[];
    }
  | {
      readonly type: 'stacks';
      readonly sessionId: string;
      readonly map: string;
      readonly label: string;
      /** Unit of StackSample.value; '' when there is none. */
      readonly unit: string;
      readonly stacks: readonly StackSample[];
      /** Sentences about stacks that were lost. */
      readonly lost?: readonly string[];
      readonly atMs: number;
    }
  | {
      readonly type: 'globals';
      readonly sessionId: string;
      readonly globals: readonly GlobalValue[];
      readonly atMs: number;
    }
  | {
      readonly type: 'mapEntries';
      readonly sessionId: string;
      readonly map: string;
      readonly entries: readonly MapEntry[];
      readonly atMs: number;
    }
  | {
      readonly type: 'span';
      readonly sessionId: string;
      readonly stream: string;
      /** Whole records with their headers (DataContent ringSpan / perfRecords) or UTF-8 lines (printk). */
      readonly bytes: ArrayBuffer;
      /** Records lost before these; `bytes` may be empty when records were lost and none has followed yet. */
      readonly lost: number;
      readonly atMs: number;
    }
  /** Names of kernel addresses in earlier and later spans; unresolved addresses are omitted. */
  | {
      readonly type: 'kernelNames';
      readonly sessionId: string;
      readonly names: readonly (readonly [address: bigint, name: string])[];
    }
  /** The host evicted the oldest `records` rows from its bounded store. */
  | {
      readonly type: 'evicted';
      readonly sessionId: string;
      readonly stream: string;
      readonly records: number;
    }
  /** End of the streams' records for hydration: later records are new. */
  | { readonly type: 'hydrated'; readonly sessionId: string }
  | { readonly type: 'drops'; readonly sessionId: string; readonly drops: Drops; readonly atMs?: number }
  /** The user exports: `kind` is an id of EXPORT_KINDS. Answered with 'export' or 'notExported'. */
  | { readonly type: 'exportRequest'; readonly kind: string };

/** Page to host. */
export type FromWebview =
  /** The page is ready for its state; sent on each load. */
  | { readonly type: 'ready' }
  | {
      readonly type: 'command';
      readonly command:
        | 'detach'
        | 'attachAgain'
        | 'openTemplates'
        | 'showLog'
        | 'openProgram'
        | 'manageTrust'
        /** Asks the user what to export from this page. */
        | 'export';
    }
  /** A file to save: the host asks for the location and writes it. `name` is the suggested name with its extension. */
  | {
      readonly type: 'export';
      readonly format: ExportFormat;
      readonly name: string;
      readonly content: string | ArrayBuffer;
    }
  /** No file was created: '' when there is nothing to write, else the error. */
  | { readonly type: 'notExported'; readonly why: string }
  /**
   * The user chose how something is shown, which is remembered for the program; value null: no longer. `of` is
   * `slots MAP` (a convention) or `field OWNER NAME` ('plain'), see host/panels/shown-as.ts. Answered by a hydration.
   */
  | { readonly type: 'showAs'; readonly of: string; readonly value: string | null }
  /** Text for the clipboard. */
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'pageError'; readonly message: string };
