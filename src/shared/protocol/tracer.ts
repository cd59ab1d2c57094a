/**
 * The contract between a client and the tracer: JSON-RPC requests over the frames of frames.ts. Each
 * message has one schema, checked by the receiver; an invalid message closes the connection with a reason.
 *
 * Sequence: the tracer connects and sends `hello` with the token that it read from its stdin; the client checks the
 * token, the protocol version and (over a Unix socket) the peer's credentials, or disconnects. From then on the client
 * sends requests and the tracer responds; watched streams send data frames. Closing the connection ends the tracer,
 * which detaches everything it attached.
 */
import * as v from 'valibot';
import type { Reason } from '../bpf/program-policy';
import { TRACER_ERRORS } from './tracer-errors';

/** Incremented on every incompatible change. */
export const TRACER_PROTOCOL_VERSION = 6;

/** Exit codes of the tracer. 69 is EX_UNAVAILABLE of sysexits.h: a required library is missing. */
export const TRACER_EXIT = { done: 0, failed: 1, usage: 2, libbpfMissing: 69 } as const;

export const LIMITS = {
  objectBytes: 16 << 20,
  relocationBtfBytes: 4 << 20,
  nameBytes: 256,
  pathBytes: 4096,
  programs: 256,
  maps: 1024,
  /** Per program. */
  reasons: 256,
  sessions: 64,
  /** Per session, over its lifetime: each needs a ring per CPU. */
  watchedProcesses: 16,
  /** Maximum number of entries of one snapshot; a bigger map is truncated and `truncated` is set. */
  snapshotEntries: 1 << 20,
} as const;

const uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const name = v.pipe(v.string(), v.maxLength(LIMITS.nameBytes));
const path = v.pipe(v.string(), v.startsWith('/'), v.maxLength(LIMITS.pathBytes));
/** Addresses and counters: decimal text, because u64 does not fit a JSON number. */
const uint64Text = v.pipe(v.string(), v.regex(/^\d{1,20}$/));
const reason = v.custom<Reason>(
  value =>
    typeof value === 'string' &&
    value.length <= LIMITS.nameBytes + 16 &&
    /^(type|helper|kfunc|writes):./.test(value),
);
const base64 = v.pipe(v.string(), v.base64(), v.maxLength(1 << 18));

export const HelloSchema = v.strictObject({
  protocolVersion: uint32,
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  pid: uint32,
  uid: uint32,
  kernelRelease: v.string(),
  /** e.g. "1.1" */
  libbpfVersion: v.string(),
  nodeVersion: v.string(),
  /** True when koffi can map C memory (Node); false in Electron, where spans are copied. */
  mappedRings: v.boolean(),
});
export type Hello = v.InferOutput<typeof HelloSchema>;

/** How to attach a program when its section name alone does not determine it. */
export const AttachOverrideSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('auto') }),
  v.strictObject({ kind: v.literal('kprobe'), function: name, offset: uint32, return: v.boolean() }),
  /** Every function that matches a pattern with '*' and '?' (kernels with CONFIG_FPROBE, since 5.18). */
  v.strictObject({ kind: v.literal('kprobe.multi'), pattern: name, return: v.boolean() }),
  v.strictObject({ kind: v.literal('fentry'), function: name }),
  v.strictObject({
    kind: v.literal('uprobe'),
    path,
    /** File offset of the probed instruction. */
    offset: uint64Text,
    return: v.boolean(),
    /** 0: every process that maps the file. */
    pid: uint32,
    /** File offset of a USDT semaphore; "0" for none. */
    semaphoreOffset: uint64Text,
  }),
  v.strictObject({ kind: v.literal('usdt'), path, provider: name, probe: name, pid: uint32 }),
  v.strictObject({ kind: v.literal('tracepoint'), category: name, name }),
  v.strictObject({
    kind: v.literal('perf'),
    /** enum perf_type_id and config of perf_event_open(2). */
    type: uint32,
    config: uint64Text,
    frequencyHz: uint32,
    /** -1: every online CPU, one event each. */
    cpu: v.pipe(v.number(), v.integer(), v.minValue(-1)),
    /** 0: every process. */
    pid: uint32,
    /** PERF_SAMPLE_BRANCH_* bits; "0" for none. */
    branchSampleType: uint64Text,
  }),
  /** Loaded but not attached. */
  v.strictObject({ kind: v.literal('none') }),
]);
export type AttachOverride = v.InferOutput<typeof AttachOverrideSchema>;

export const OpenSessionSchema = v.strictObject({
  /** Id of the blob that holds the object file. */
  objectBlobId: uint32,
  /**
   * Id of a blob with the part of the kernel's BTF that the object's CO-RE relocations need, so that libbpf does not read
   * all of it. If loading with it fails, the object is loaded with the kernel's full BTF.
   */
  relocationBtfBlobId: v.optional(uint32),
  /** C identifier from which libbpf derives the names of the object and its internal maps. */
  objectName: name,
  programs: v.pipe(
    v.array(
      v.strictObject({
        name,
        /** Whether the program is loaded. For programs not listed their section decides. */
        load: v.boolean(),
        attach: AttachOverrideSchema,
      }),
    ),
    v.maxLength(LIMITS.programs),
  ),
  /** Bytes written into read-only data before load. */
  constants: v.pipe(
    v.array(v.strictObject({ section: name, offset: uint32, bytes: base64 })),
    v.maxLength(1024),
  ),
  /** Sizes of maps other than those in the object: entries, and bytes of a value. */
  maps: v.pipe(
    v.array(v.strictObject({ name, maxEntries: v.optional(uint32), valueSize: v.optional(uint32) })),
    v.maxLength(LIMITS.maps),
  ),
  /**
   * Programs that may change the system, with the reasons that the user agreed to (shared/bpf/program-policy.ts). The
   * tracer derives the reasons itself from what it loads; a reason that is missing here is refused as 'needs-consent'.
   */
  consented: v.pipe(
    v.array(
      v.strictObject({
        program: name,
        reasons: v.pipe(v.array(reason), v.maxLength(LIMITS.reasons)),
      }),
    ),
    v.maxLength(LIMITS.programs),
  ),
  /** Only load the programs: session/attach is refused, so nothing needs consent. */
  loadOnly: v.optional(v.boolean()),
  /**
   * Also return the verifier log of programs that load: "statistics" only its final counts (BPF_LOG_STATS), "full" every
   * instruction. The log of a rejected program is always returned.
   */
  verifierLog: v.optional(v.picklist(['none', 'statistics', 'full'])),
  /** perf events without a program, enabled during the session: the last branch record needs one per CPU. */
  companionEvents: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          type: uint32,
          config: uint64Text,
          frequencyHz: uint32,
          branchSampleType: uint64Text,
        }),
      ),
      v.maxLength(8),
    ),
  ),
});
export type OpenSession = v.InferOutput<typeof OpenSessionSchema>;

const sessionId = v.strictObject({ sessionId: uint32 });
const mapOf = { sessionId: uint32, map: name };

/** Every request's parameters. */
export const TracerRequestSchemas = {
  'session/open': OpenSessionSchema,
  'session/attach': sessionId,
  'session/close': sessionId,
  /** Forwards a ring or perf buffer: every record from now on is sent in data frames of the stream. */
  'stream/watch': v.strictObject(mapOf),
  'stream/unwatch': v.strictObject({ sessionId: uint32, streamId: uint32 }),
  /** Responds when everything in the session's buffers at the time of the request has been sent. */
  'session/drain': sessionId,
  /**
   * Sends the changes of the map since the session last read it (everything, the first time) as data frames, then
   * responds; the stream is the same each time. The frames of one snapshot have the same time; a flag marks the last
   * (DataContent.mapChanges). A map of global data is read by its section: ".bss".
   */
  'map/read': v.strictObject({ ...mapOf, maxEntries: uint32 }),
  /** Run time and count per program since load; BPF statistics are enabled while at least one session has `enable` set. */
  'session/statistics': v.strictObject({ sessionId: uint32, enable: v.boolean() }),
  /**
   * Reports every executable mapping of the process and of children that it creates from now on: frames of
   * DataContent.perfRecords with the perf records PERF_RECORD_MMAP2 and PERF_RECORD_FORK, each with its struct
   * perf_event_header. Addresses can then be symbolized after the process exits. Ends with stream/unwatch or the session.
   */
  'process/watch': v.strictObject({ sessionId: uint32, pid: v.pipe(uint32, v.minValue(1)) }),
  /**
   * The client will load and attach nothing more and send no target/ requests: the tracer keeps only the system calls
   * that reading and closing need, on all its threads, permanently. Everything else is refused from then on.
   */
  'tracer/confine': v.strictObject({}),
  'printk/watch': v.strictObject({}),
  'printk/unwatch': v.strictObject({}),
  /** Which of these functions exist on the target. */
  'target/functions': v.strictObject({ names: v.pipe(v.array(name), v.maxLength(1024)) }),
  'target/tracepoints': v.strictObject({
    names: v.pipe(v.array(v.strictObject({ category: name, name })), v.maxLength(1024)),
  }),
  /** Whether the kernel can open this perf event on its first CPU (perf_event_open(2)); nothing stays open. */
  'target/perf-event': v.strictObject({ type: uint32, config: uint64Text, branchSampleType: uint64Text }),
  /** Reads a description of the target, with the tracer's privileges. */
  'target/read': v.strictObject({
    what: v.picklist([
      'btf',
      'kallsyms',
      'available-filter-functions',
      'tracepoint-format',
      'tracepoint-list',
      'modules',
      'kernel-config',
      'module-btf',
    ]),
    /** The tracepoint ("category/name") or module to describe. */
    of: v.optional(name),
  }),
} as const;
export type TracerMethod = keyof typeof TracerRequestSchemas;
export type TracerParams<M extends TracerMethod> = v.InferOutput<(typeof TracerRequestSchemas)[M]>;

/** Names and descriptions in results: of any length in an object file, truncated for display. */
const shown = v.pipe(v.string(), v.maxLength(16 << 10));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const durationMs = v.pipe(v.number(), v.finite(), v.minValue(0));

const LoadedProgramSchema = v.strictObject({
  name: shown,
  section: shown,
  id: uint32,
  /** Instructions of the loaded program, including its static functions. */
  instructions: count,
  /** Instructions that the verifier processed; 0 when the kernel does not report it (before 5.16). */
  verifiedInstructions: count,
  /** The log requested with OpenSession.verifierLog. */
  verifierLogBlobId: v.exactOptional(uint32),
});
export type LoadedProgram = v.InferOutput<typeof LoadedProgramSchema>;

const LoadedMapSchema = v.strictObject({
  /** As in the object; maps of global data by their section: ".bss", ".rodata". */
  name: shown,
  id: uint32,
  type: uint32,
  keySize: uint32,
  valueSize: uint32,
  /** Bytes of one value in a snapshot: valueSize, or round_up(valueSize, 8) * possible CPUs. 0: the map cannot be read by key. */
  valueStride: count,
  maxEntries: uint32,
  flags: uint32,
});
export type LoadedMap = v.InferOutput<typeof LoadedMapSchema>;

const OpenedSessionSchema = v.strictObject({
  sessionId: uint32,
  programs: v.array(LoadedProgramSchema),
  maps: v.array(LoadedMapSchema),
  /** NR_CPUS is at most 8192 (arch/x86/Kconfig). */
  possibleCpus: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1 << 16)),
  openMs: durationMs,
  loadMs: durationMs,
});
export type OpenedSession = v.InferOutput<typeof OpenedSessionSchema>;

const AttachedProgramSchema = v.strictObject({
  name: shown,
  section: shown,
  /** The attach point in SEC() notation: "fentry/vfs_read", "uprobe//usr/lib/libc.so.6:+0x9f1c0". */
  attach: shown,
});
export type AttachedProgram = v.InferOutput<typeof AttachedProgramSchema>;

/**
 * Every request's result, checked by the client: in the sandbox VM, root can impersonate the tracer. An invalid result
 * closes the connection.
 */
export const TracerResultSchemas = {
  'session/open': OpenedSessionSchema,
  /** Without programs that are only loaded (iterators, attach 'none'). */
  'session/attach': v.strictObject({ programs: v.array(AttachedProgramSchema), attachMs: durationMs }),
  'session/close': v.strictObject({ detachMs: durationMs }),
  'stream/watch': v.strictObject({ streamId: uint32, content: v.picklist(['ring', 'perf']) }),
  'stream/unwatch': v.null(),
  'session/drain': v.strictObject({ records: count }),
  'map/read': v.strictObject({ streamId: uint32, entries: count, truncated: v.boolean() }),
  'session/statistics': v.strictObject({
    programs: v.array(v.strictObject({ name: shown, runCount: uint64Text, runTimeNs: uint64Text })),
    tracerCpuNs: uint64Text,
  }),
  'process/watch': v.strictObject({ streamId: uint32 }),
  'tracer/confine': v.null(),
  'printk/watch': v.strictObject({ streamId: uint32 }),
  'printk/unwatch': v.null(),
  'target/functions': v.strictObject({
    functions: v.array(
      v.strictObject({
        name: shown,
        /** null: the tracer may not read the list in tracefs; only attaching will show. */
        traceable: v.nullable(v.boolean()),
        symbol: v.boolean(),
      }),
    ),
  }),
  'target/tracepoints': v.strictObject({ present: v.array(v.boolean()) }),
  'target/perf-event': v.strictObject({ available: v.boolean() }),
  'target/read': v.strictObject({ blobId: uint32, bytes: count }),
} as const satisfies Record<TracerMethod, unknown>;
export type TracerResults = {
  [M in TracerMethod]: v.InferOutput<(typeof TracerResultSchemas)[M]>;
};

/** Why a request failed; in the JSON-RPC error's data. `message` is shown to the user and contains the fix. */
const TracerErrorCodeSchema = v.picklist(Object.keys(TRACER_ERRORS) as (keyof typeof TRACER_ERRORS)[]);
export type TracerErrorCode = v.InferOutput<typeof TracerErrorCodeSchema>;

export const TracerErrorDataSchema = v.strictObject({
  code: TracerErrorCodeSchema,
  /** Positive errno and its name when the kernel or libbpf gave one. */
  errno: v.exactOptional(count),
  errnoName: v.exactOptional(shown),
  program: v.exactOptional(shown),
  /** 'needs-consent': the programs, each with its reasons without consent. Nothing of the session stays loaded. */
  needsConsent: v.exactOptional(
    v.pipe(
      v.array(
        v.strictObject({ program: shown, section: shown, reasons: v.pipe(v.array(reason), v.readonly()) }),
      ),
      v.readonly(),
    ),
  ),
  /** Blob with the whole verifier log, sent before the error. */
  verifierLogBlobId: v.exactOptional(uint32),
  /** libbpf's own warnings of this request, newest last. */
  libbpfLog: v.exactOptional(v.pipe(v.array(v.string()), v.readonly())),
});
export type TracerErrorData = v.InferOutput<typeof TracerErrorDataSchema>;

/** Notifications from tracer to client, after `hello` (HelloSchema). */
export const TracerNotificationSchemas = {
  /** Sent before the tracer closes the connection because of an invalid message from the client. */
  closing: v.strictObject({ code: TracerErrorCodeSchema, message: v.string() }),
  'session/ended': v.strictObject({ sessionId: uint32, code: TracerErrorCodeSchema, message: v.string() }),
} as const;
/** JSON-RPC error code of every TracerErrorData (the range the specification leaves to applications). */
export const TRACER_RPC_ERROR = -32001;
