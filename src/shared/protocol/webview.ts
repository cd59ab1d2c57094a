/**
 * The contract between the extension host and a panel's page. The host keeps the model; a page is hydrated when it
 * becomes visible and then gets increments, so that hiding, moving or reloading it loses nothing. Bytes travel as
 * ArrayBuffer; numbers over 2^53 as bigint, packed and unpacked by webview-codec.ts (VS Code's own transport is JSON,
 * which throws on them).
 */
import type { Drops, FieldValue, Histogram, MapEntry } from '../decode/model';
import type { MapDefinition, RecordLayout } from '../object/model';
import type { ExportFormat } from './webview-exports';

export type SessionState =
  | 'starting'
  | 'running'
  /** Ended by the user, by its time or command. */
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

/** One frame of a stack, symbolised as far as the target allows. */
export interface StackFrame {
  /** Function name, or the address in hexadecimal when no symbol was found. */
  readonly name: string;
  /** Module, library or executable; '' when unknown. */
  readonly module: string;
  readonly kind: 'kernel' | 'user';
}

/** One distinct stack with what was counted for it. Frames are outermost first. */
export interface StackSample {
  readonly frames: readonly StackFrame[];
  /** The rest of the key (pid, comm ...), by field name. */
  readonly key: Readonly<Record<string, FieldValue>>;
  readonly count: number;
  /** Sum of what the program measured (bytes, ns); null when it only counts. */
  readonly value: number | null;
}

/** A non-const global variable of the program, read from .bss or .data. */
export interface GlobalValue {
  readonly name: string;
  readonly section: string;
  readonly layout: RecordLayout;
  readonly value: Readonly<Record<string, FieldValue>>;
}

/** The complete state of a session's histograms, and what was lost since attach, at one time. */
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
      /** Definitions of the maps the page will hear about: their key and value layouts say how to format. */
      readonly maps?: readonly MapDefinition[];
      /** True when what follows is the whole state anew: the page forgets what it had of this session. */
      readonly fresh?: boolean;
      /** Most bytes of records a page may keep per stream (a setting); the page has a default of its own. */
      readonly eventBytesLimit?: number;
    }
  | {
      readonly type: 'histograms';
      readonly sessionId: string;
      /** Complete state since attach; the page draws differences itself. */
      readonly histograms: readonly Histogram[];
      readonly atMs: number;
    }
  /**
   * Sent once after 'session' when a page is hydrated: what earlier 'histograms' messages carried, oldest first, as
   * far back as the host keeps them (300 are drawn). A page that gets none starts its time line empty. `base` is the
   * newest that left: no interval, but what the oldest one that is kept adds to; null while none left.
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
      /** Records lost before these; `bytes` may be empty where a program lost some and nothing came after it yet. */
      readonly lost: number;
      readonly atMs: number;
    }
  /** Names of kernel addresses in the spans before and after it; what has no name is not told. */
  | {
      readonly type: 'kernelNames';
      readonly sessionId: string;
      readonly names: readonly (readonly [address: bigint, name: string])[];
    }
  /** Oldest `records` rows left the host's bounded store. */
  | {
      readonly type: 'evicted';
      readonly sessionId: string;
      readonly stream: string;
      readonly records: number;
    }
  /** The end of the streams' records a page is hydrated with: what follows came since. */
  | { readonly type: 'hydrated'; readonly sessionId: string }
  | { readonly type: 'drops'; readonly sessionId: string; readonly drops: Drops; readonly atMs?: number }
  /** The user wants a file: `kind` is an id of EXPORT_KINDS. Answered with 'export' or 'notExported'. */
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
        /** The user is to choose what to export of this page. */
        | 'export';
    }
  /** A file for the user to keep: the host asks where and writes it. `name` is a suggestion with its extension. */
  | {
      readonly type: 'export';
      readonly format: ExportFormat;
      readonly name: string;
      readonly content: string | ArrayBuffer;
    }
  /** No file was made: '' when there is nothing to write, else what failed. */
  | { readonly type: 'notExported'; readonly why: string }
  /** Text for the clipboard. */
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'pageError'; readonly message: string };
