/**
 * The contract between a client and the tracer: JSON-RPC requests over the frames of frames.ts. Each
 * message has one schema, checked by the receiver; what does not fit closes the connection with a reason.
 *
 * Order of a connection: the tracer dials in and sends `hello` with the token it read from its stdin; the client
 * checks token, protocol version and (over a Unix socket) the peer's credentials, or hangs up. From then on the client
 * asks and the tracer answers; data frames flow as streams are watched. Closing the connection ends the tracer and
 * with it everything it attached.
 */
import * as v from 'valibot';
import type { Reason } from '../bpf/program-policy';

/** Raised on every change that an older peer would misread. */
export const TRACER_PROTOCOL_VERSION = 5;

/** How the tracer ends when it ends by itself. 69 is EX_UNAVAILABLE of sysexits.h: what it stands on is not there. */
export const TRACER_EXIT = { done: 0, failed: 1, usage: 2, libbpfMissing: 69 } as const;

export const LIMITS = {
  objectBytes: 16 << 20,
  relocationBtfBytes: 4 << 20,
  nameBytes: 256,
  pathBytes: 4096,
  programs: 256,
  /** Of one program. */
  reasons: 256,
  sessions: 64,
  /** Of one session, over its life: each costs a ring per CPU. */
  watchedProcesses: 16,
  /** Most records of one snapshot request; a bigger map is cut and `truncated` says so. */
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
  /** True where koffi can map foreign memory (real Node); false in Electron: spans are copied. */
  mappedRings: v.boolean(),
});
export type Hello = v.InferOutput<typeof HelloSchema>;

/** How one program is to be attached when its section name alone does not say it. */
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
   * Id of a blob with the part of the kernel's BTF that the object's CO-RE relocations ask about: libbpf then does not
   * read all of it. Where the object does not load by it, it is loaded by the kernel's whole BTF.
   */
  relocationBtfBlobId: v.optional(uint32),
  /** C identifier libbpf names the object and its internal maps after. */
  objectName: name,
  programs: v.pipe(
    v.array(
      v.strictObject({
        name,
        /** Program is loaded. Programs not listed keep what their section says. */
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
  maps: v.pipe(v.array(v.strictObject({ name, maxEntries: uint32 })), v.maxLength(LIMITS.programs)),
  /**
   * Programs that may change the system, with what was shown of each and agreed to (shared/bpf/program-policy.ts). The
   * tracer finds the reasons by itself in what it loads; one that is not here is refused as 'needs-consent'.
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
  /** The verifier is asked and no more: session/attach is refused, and so nothing needs consent. */
  loadOnly: v.optional(v.boolean()),
  /**
   * The verifier's log of programs that load, too: "statistics" its closing counts (BPF_LOG_STATS), "full" every
   * instruction. Programs it rejects come with their log in any case.
   */
  verifierLog: v.optional(v.picklist(['none', 'statistics', 'full'])),
  /** perf events kept running while the session lives, without a program: the last branch record needs one per CPU. */
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
  /** Forwards a ring or perf buffer; every record from now on arrives in data frames of the stream. */
  'stream/watch': v.strictObject(mapOf),
  'stream/unwatch': v.strictObject({ sessionId: uint32, streamId: uint32 }),
  /** Answers when everything in the session's buffers at the time of asking was sent. */
  'session/drain': sessionId,
  /**
   * Sends what changed in the map since the session last read it (everything, the first time) as data frames, then
   * answers; the stream is the same each time. The frames of one snapshot carry the same time; a flag marks the last
   * (DataContent.mapChanges). A map of global data is read by its section: ".bss".
   */
  'map/read': v.strictObject({ ...mapOf, maxEntries: uint32 }),
  /** Run time and count per program since load; turns BPF statistics on while at least one client asks. */
  'session/statistics': v.strictObject({ sessionId: uint32, enable: v.boolean() }),
  /**
   * Tells of every file the process, and each it creates from now on, maps to execute: frames of DataContent.perfRecords
   * whose records are struct perf_event_header and what follows it, PERF_RECORD_MMAP2 or PERF_RECORD_FORK. A process
   * that ended can then still have its addresses named. Ends with stream/unwatch or the session.
   */
  'process/watch': v.strictObject({ sessionId: uint32, pid: v.pipe(uint32, v.minValue(1)) }),
  /**
   * The client loads and attaches nothing more and asks nothing of the target: the tracer keeps only the system calls that
   * take what reading and closing take, on all its threads, for the rest of its life. Everything else is refused from then on.
   */
  'tracer/confine': v.strictObject({}),
  'printk/watch': v.strictObject({}),
  'printk/unwatch': v.strictObject({}),
  /** Which of these exist on the target. */
  'target/functions': v.strictObject({ names: v.pipe(v.array(name), v.maxLength(1024)) }),
  'target/tracepoints': v.strictObject({
    names: v.pipe(v.array(v.strictObject({ category: name, name })), v.maxLength(1024)),
  }),
  /** Whether the kernel can open this perf event on its first CPU (perf_event_open(2)); nothing stays open. */
  'target/perf-event': v.strictObject({ type: uint32, config: uint64Text, branchSampleType: uint64Text }),
  /** The target's own description, read with the tracer's privileges. */
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
    /** The tracepoint ("category/name") or module the question is about. */
    of: v.optional(name),
  }),
} as const;
export type TracerMethod = keyof typeof TracerRequestSchemas;
export type TracerParams<M extends TracerMethod> = v.InferOutput<(typeof TracerRequestSchemas)[M]>;

/** Names and descriptions in answers: of any length in an object file, shown shortened. */
const shown = v.pipe(v.string(), v.maxLength(16 << 10));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const durationMs = v.pipe(v.number(), v.finite(), v.minValue(0));

const LoadedProgramSchema = v.strictObject({
  name: shown,
  section: shown,
  id: uint32,
  /** Instructions of the program as loaded, its static functions included. */
  instructions: count,
  /** Instructions the verifier walked; 0 where the kernel does not say (before 5.16). */
  verifiedInstructions: count,
  /** The log that OpenSession.verifierLog asked for. */
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
  /** What was attached, as people write it: "fentry/vfs_read", "uprobe//usr/lib/libc.so.6:+0x9f1c0". */
  attach: shown,
});
export type AttachedProgram = v.InferOutput<typeof AttachedProgramSchema>;

/**
 * Every request's answer, checked by the client: in the sandbox VM whoever is root can be the tracer. What does not fit
 * closes the connection.
 */
export const TracerResultSchemas = {
  'session/open': OpenedSessionSchema,
  /** Programs that are loaded only (iterators, attach 'none') are left out. */
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
        /** null: the tracer may not read tracefs's list; attaching tells. */
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

/** Why a request failed; in the JSON-RPC error's data. `message` is written for people and says what to do. */
const TracerErrorCodeSchema = v.picklist([
  'bad-request',
  'unknown-session',
  'unknown-map',
  'limit',
  'not-permitted',
  'needs-consent',
  'object-rejected',
  'verifier-rejected',
  'attach-failed',
  'not-found',
  'kernel',
  'internal',
]);
export type TracerErrorCode = v.InferOutput<typeof TracerErrorCodeSchema>;

export const TracerErrorDataSchema = v.strictObject({
  code: TracerErrorCodeSchema,
  /** Positive errno and its name when the kernel or libbpf gave one. */
  errno: v.exactOptional(count),
  errnoName: v.exactOptional(shown),
  program: v.exactOptional(shown),
  /** 'needs-consent': the programs, and what was not agreed to. Nothing of the session stays loaded. */
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

/** Tracer to client, unasked, after `hello` (HelloSchema). */
export const TracerNotificationSchemas = {
  /** The tracer's last words before it closes the connection because of something the client sent. */
  closing: v.strictObject({ code: TracerErrorCodeSchema, message: v.string() }),
  'session/ended': v.strictObject({ sessionId: uint32, code: TracerErrorCodeSchema, message: v.string() }),
} as const;
/** JSON-RPC error code of every TracerErrorData (the range the specification leaves to applications). */
export const TRACER_RPC_ERROR = -32001;
