/**
 * Opens an object file from bytes with libbpf, configures and loads it. Loading runs on the thread pool, without libbpf's
 * or the verifier's log; a failed load is repeated with the log captured.
 */
import type { Consents } from '../../shared/bpf/program-policy';
import type { OpenSession } from '../../shared/protocol/tracer';
import { TracerError } from '../common/errors';
import { requireConsent, requireConsentToLoad } from './consent';
import { ENOTSUPP, ERRNO, isPermission, MISSING_CAPABILITY, systemError } from './errors';
import * as ffi from './ffi';
import { mapId, programInfo } from './info';
import { captureLog, firstReason } from './log';
import { allocatePages, freePages, memoryFile } from './memory';

export interface ObjectRequest {
  readonly objectBytes: Uint8Array;
  /** The kernel BTF that CO-RE relocations need (OpenSession.relocationBtfBlobId); null: libbpf reads all of it. */
  readonly relocationBtf: Uint8Array | null;
  readonly objectName: string;
  readonly programs: readonly {
    readonly name: string;
    readonly load: boolean;
    /** Function for an fentry/fexit/tp_btf program whose section names none or another. */
    readonly attachTarget: string | null;
  }[];
  readonly constants: readonly {
    readonly section: string;
    readonly offset: number;
    readonly bytes: Uint8Array;
  }[];
  readonly maps: OpenSession['maps'];
  /** null: nothing will be attached, so nothing needs consent. */
  readonly consented: Consents | null;
  /** 0, or the verifier's log level, also for programs that load (BPF_LOG_LEVEL1 = 1, BPF_LOG_LEVEL2 = 2, BPF_LOG_STATS = 4). */
  readonly verifierLogLevel: number;
}

export interface ProgramHandle {
  readonly pointer: ffi.Pointer;
  readonly name: string;
  readonly section: string;
  readonly fd: number;
  readonly id: number;
  readonly instructions: number;
  readonly verifiedInstructions: number;
  /** Empty unless verifierLogLevel requested it. */
  readonly verifierLog: Uint8Array;
}

export interface MapHandle {
  readonly name: string;
  readonly fd: number;
  readonly id: number;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

export interface LoadedObject {
  readonly programs: readonly ProgramHandle[];
  readonly maps: readonly MapHandle[];
  readonly openMs: number;
  readonly loadMs: number;
  /** Frees programs and maps; links must be destroyed before. */
  close(): Promise<void>;
}

/** Below the 16 MiB that kernels before 5.2 allow. Only pages that the kernel writes use memory. */
const VERIFIER_LOG_BYTES = (16 << 20) - 4096;

interface Opened {
  readonly object: ffi.Pointer;
  readonly programs: readonly {
    readonly pointer: ffi.Pointer;
    readonly name: string;
    readonly logBuffer: ffi.Pointer;
  }[];
  readonly logPages: ffi.Pointer;
  readonly logPagesBytes: number;
}

/**
 * Opens, configures and loads. Throws TracerError 'object-rejected' (not an object that libbpf can read, unknown names,
 * relocations that fail on this kernel), 'verifier-rejected' with the log, 'needs-consent', 'not-permitted' or 'kernel'.
 */
export async function loadObject(request: ObjectRequest): Promise<LoadedObject> {
  const loaded = request.relocationBtf && (await loadByPartOfBtf(request, request.relocationBtf));
  if (loaded) return loaded;
  const attempt = await attemptLoad(request, null);
  if (attempt.errno !== 0) throw await explainLoadFailure(request, attempt.opened, attempt.errno);
  return finishLoad(request, attempt);
}

/** Null when loading with this BTF failed: the caller retries with the kernel's full BTF. */
async function loadByPartOfBtf(request: ObjectRequest, btf: Uint8Array): Promise<LoadedObject | null> {
  const file = memoryFile('relocation-btf', btf);
  if (!file) return null;
  try {
    const attempt = await attemptLoad(request, file.path);
    if (attempt.errno === 0) return await finishLoad(request, attempt);
    await discard(attempt.opened);
    return null;
  } finally {
    file.close();
  }
}

interface LoadAttempt {
  readonly opened: Opened;
  readonly openMs: number;
  readonly loadMs: number;
  /** 0 on success. */
  readonly errno: number;
}

async function attemptLoad(request: ObjectRequest, btfPath: string | null): Promise<LoadAttempt> {
  const start = performance.now();
  const opened = await open(request, btfPath);
  const openMs = performance.now() - start;
  const outcome = await ffi.objectLoad.async(opened.object);
  const loadMs = performance.now() - start - openMs;
  return { opened, openMs, loadMs, errno: outcome.value < 0 ? -outcome.value : 0 };
}

async function finishLoad(
  request: ObjectRequest,
  { opened, openMs, loadMs }: LoadAttempt,
): Promise<LoadedObject> {
  try {
    return {
      programs: await loadedPrograms(opened, request),
      maps: loadedMaps(opened.object),
      openMs,
      loadMs,
      close: async () => void (await ffi.objectClose.async(opened.object)),
    };
  } catch (error) {
    await ffi.objectClose.async(opened.object);
    throw error;
  } finally {
    freePages(opened.logPages, opened.logPagesBytes);
  }
}

async function discard({ object, logPages, logPagesBytes }: Opened): Promise<void> {
  await ffi.objectClose.async(object);
  freePages(logPages, logPagesBytes);
}

/** Opens and configures; on failure repeats it with libbpf's messages captured, for the reason. */
async function open(request: ObjectRequest, btfPath: string | null): Promise<Opened> {
  const object = openBytes(request, btfPath);
  if (object !== null) return configureOrClose(object, request);
  const { result, log } = await captureLog(() => ({
    again: openBytes(request, btfPath),
    errno: ffi.lastErrno(),
  }));
  if (result.again !== null) return configureOrClose(result.again, request);
  throw systemError(
    'object-rejected',
    'libbpf failed to open the object file',
    result.errno,
    firstReason(log),
    {
      libbpfLog: log,
    },
  );
}

const openBytes = ({ objectBytes, objectName }: ObjectRequest, btfPath: string | null): ffi.Pointer | null =>
  ffi.objectOpenMem(objectBytes, objectBytes.byteLength, ffi.openOptions(objectName, btfPath));

function configureOrClose(object: ffi.Pointer, request: ObjectRequest): Opened {
  try {
    return configure(object, request);
  } catch (error) {
    closeUnloaded(object);
    throw error;
  }
}

/**
 * Closes an object that was never loaded. libbpf reads the kernel's BTF for an attach target; before 1.2 it frees that
 * (6 MB each time) only when the object is loaded, so the object is loaded first with no program selected.
 */
function closeUnloaded(object: ffi.Pointer): void {
  if (ffi.libbpfMajorVersion() < 1 || (ffi.libbpfMajorVersion() === 1 && ffi.libbpfMinorVersion() < 2)) {
    for (const pointer of programsOf(object)) ffi.programSetAutoload(pointer, false);
    for (const pointer of mapsOf(object)) ffi.mapSetAutocreate(pointer, false);
    ffi.objectLoad(object);
  }
  ffi.objectClose(object);
}

function* programsOf(object: ffi.Pointer): Generator<ffi.Pointer> {
  for (let at = ffi.objectNextProgram(object, null); at !== null; at = ffi.objectNextProgram(object, at))
    yield at;
}

function* mapsOf(object: ffi.Pointer): Generator<ffi.Pointer> {
  for (let at = ffi.objectNextMap(object, null); at !== null; at = ffi.objectNextMap(object, at)) yield at;
}

/** The map's name in the object: libbpf prefixes ".rodata" and similar maps. */
export function ownMapName(libbpfName: string, internal: boolean): string {
  const dot = libbpfName.indexOf('.');
  return internal && dot >= 0 ? libbpfName.slice(dot) : libbpfName;
}

function configure(object: ffi.Pointer, request: ObjectRequest): Opened {
  const byName = new Map<string, ffi.Pointer>();
  for (const pointer of programsOf(object)) {
    const name = ffi.programName(pointer);
    // With two programs of the same name, consent to one would apply to the other.
    if (byName.has(name))
      throw new TracerError('object-rejected', `The object has two programs named ${name}. Rename one.`);
    byName.set(name, pointer);
  }
  for (const wanted of request.programs) {
    const pointer = byName.get(wanted.name);
    if (pointer === undefined) {
      throw new TracerError('object-rejected', `The object has no program ${wanted.name}. Compile it again.`);
    }
    check(ffi.programSetAutoload(pointer, wanted.load), `Selecting program ${wanted.name} failed`);
    if (wanted.load && wanted.attachTarget !== null)
      setAttachTarget(pointer, wanted.name, wanted.attachTarget);
  }
  const selected = [...byName].filter(([, pointer]) => ffi.programAutoload(pointer));
  if (selected.length === 0) {
    throw new TracerError('object-rejected', 'No program of the object is selected for loading. Select one.');
  }
  if (request.consented)
    requireConsentToLoad(
      selected.map(([, pointer]) => pointer),
      request.consented,
    );
  configureMaps(object, request);

  const logPagesBytes = VERIFIER_LOG_BYTES * selected.length;
  const logPages = allocatePages(logPagesBytes);
  const programs = selected.map(([name, pointer], index) => {
    const logBuffer = logPages + BigInt(index * VERIFIER_LOG_BYTES);
    // Level 0 with a buffer: libbpf loads without a log, and repeats a failed load with a log into this buffer.
    check(ffi.programSetLogBuffer(pointer, logBuffer, VERIFIER_LOG_BYTES), 'Setting a log buffer failed');
    if (request.verifierLogLevel > 0) ffi.programSetLogLevel(pointer, request.verifierLogLevel);
    return { pointer, name, logBuffer };
  });
  return { object, programs, logPages, logPagesBytes };
}

function setAttachTarget(pointer: ffi.Pointer, program: string, target: string): void {
  const errno = -ffi.programSetAttachTarget(pointer, 0, target);
  if (errno <= 0) return;
  throw systemError(
    'not-found',
    `Program ${program} cannot attach to ${target}`,
    errno,
    'The running kernel has no such function in its BTF; choose another function.',
    { program },
  );
}

function configureMaps(object: ffi.Pointer, request: ObjectRequest): void {
  const maps = new Map<string, ffi.Pointer>();
  for (const pointer of mapsOf(object)) {
    maps.set(ownMapName(ffi.mapName(pointer), ffi.mapIsInternal(pointer)), pointer);
    // Nothing is pinned and no pinned map is reused: nothing may outlive the session's process.
    if (ffi.mapPinPath(pointer) !== null) check(ffi.mapSetPinPath(pointer, null), 'Unpinning a map failed');
  }
  for (const { name, maxEntries, valueSize } of request.maps) {
    const pointer = maps.get(name);
    if (pointer === undefined) throw new TracerError('unknown-map', `The object has no map ${name}.`);
    const failure = `Setting the size of map ${name} failed`;
    if (maxEntries !== undefined) check(ffi.mapSetMaxEntries(pointer, maxEntries), failure);
    if (valueSize !== undefined) check(ffi.mapSetValueSize(pointer, valueSize), failure);
  }
  for (const { section, offset, bytes } of request.constants) {
    const pointer = maps.get(section);
    if (pointer === undefined) throw new TracerError('unknown-map', `The object has no section ${section}.`);
    const sizeOut = Buffer.alloc(8);
    const data = ffi.mapInitialValue(pointer, sizeOut);
    if (data === null || offset + bytes.byteLength > Number(sizeOut.readBigUInt64LE())) {
      throw new TracerError(
        'object-rejected',
        `A value is outside section ${section}. Compile the object again.`,
      );
    }
    if (bytes.byteLength > 0) ffi.memcpy(data + BigInt(offset), bytes, bytes.byteLength);
  }
}

function check(result: number, what: string): void {
  if (result < 0) throw systemError('object-rejected', what, -result, '');
}

/** The verifier log in a buffer, without its terminating NUL. */
function readLog(buffer: ffi.Pointer): Uint8Array {
  const length = Number(ffi.strnlen(buffer, VERIFIER_LOG_BYTES));
  const text = new Uint8Array(length);
  if (length > 0) ffi.memcpy(text, buffer, length);
  return text;
}

async function explainLoadFailure(
  request: ObjectRequest,
  opened: Opened,
  errno: number,
): Promise<TracerError> {
  const failing = opened.programs
    .map(({ name, logBuffer }) => ({ name, log: readLog(logBuffer) }))
    .findLast(({ log }) => log.byteLength > 0);
  await discard(opened);
  if (failing) {
    return systemError(
      'verifier-rejected',
      `The kernel's verifier rejected program ${failing.name}`,
      errno,
      'The verifier log shows where and why.',
      { program: failing.name, verifierLog: failing.log },
    );
  }
  const { result: again, log } = await captureLog(async () => {
    const object = openBytes(request, null);
    if (object === null) return -errno;
    const second = configureOrClose(object, request);
    try {
      return (await ffi.objectLoad.async(second.object)).value;
    } finally {
      await discard(second);
    }
  });
  const reported = again < 0 ? -again : errno;
  if (isPermission(reported)) {
    return systemError('not-permitted', 'Loading was refused', reported, MISSING_CAPABILITY, {
      libbpfLog: log,
    });
  }
  const program = log.map(line => /^prog '([^']+)'/.exec(line)?.[1]).findLast(name => name !== undefined);
  const code = reported === ERRNO.ENOMEM || reported === ENOTSUPP ? 'kernel' : 'object-rejected';
  return systemError(code, `Loading ${program ?? 'the object'} failed`, reported, firstReason(log), {
    libbpfLog: log,
    ...(program === undefined ? {} : { program }),
  });
}

async function loadedPrograms(opened: Opened, request: ObjectRequest): Promise<ProgramHandle[]> {
  if (request.consented) {
    // Not only the selected programs: libbpf 1.5 also loads those that a struct_ops map references.
    const loaded = [...programsOf(opened.object)].filter(pointer => ffi.programFd(pointer) >= 0);
    await requireConsent(loaded, request.consented);
  }
  return opened.programs.map(({ pointer, name, logBuffer }) => {
    const fd = ffi.programFd(pointer);
    const info = programInfo(fd);
    return {
      pointer,
      name,
      section: ffi.programSection(pointer),
      fd,
      id: info.id,
      instructions: Number(ffi.programInstructionCount(pointer)),
      verifiedInstructions: info.verifiedInstructions,
      verifierLog: request.verifierLogLevel > 0 ? readLog(logBuffer) : new Uint8Array(0),
    };
  });
}

function loadedMaps(object: ffi.Pointer): MapHandle[] {
  const maps: MapHandle[] = [];
  for (const pointer of mapsOf(object)) {
    const fd = ffi.mapFd(pointer);
    if (fd < 0) continue;
    maps.push({
      name: ownMapName(ffi.mapName(pointer), ffi.mapIsInternal(pointer)),
      fd,
      id: mapId(fd),
      type: ffi.mapType(pointer),
      keySize: ffi.mapKeySize(pointer),
      valueSize: ffi.mapValueSize(pointer),
      maxEntries: ffi.mapMaxEntries(pointer),
      flags: ffi.mapFlags(pointer),
    });
  }
  return maps;
}
