/** Memory mapped from a map or perf event, read in place where the runtime allows it, copied otherwise. */

import { closeSync, writeSync } from 'node:fs';
import { systemError } from './errors';
import {
  decodeUint32,
  decodeUint64,
  lastErrno,
  memcpy,
  memfdCreate,
  mmap,
  munmap,
  type Pointer,
  viewMemory,
} from './ffi';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MFD_CLOEXEC = 1;
/** (void *)-1, as koffi returns it. */
const MAP_FAILED = 0xffffffffffffffffn;
const PROBE_BYTES = 4096;

/** Access to a mapping. Offsets are in bytes, aligned to the size of the access. */
export interface MappedMemory {
  readonly bytes: number;
  /** Direct access to the 32-bit words, for loops that cannot afford a call per word; null in copy mode. */
  readonly words: Int32Array | null;
  /** Direct access to the bytes; null in copy mode. */
  readonly view: Buffer | null;
  loadUint32(offset: number): number;
  /** As a number: positions and counters are below 2^53. */
  loadUint64(offset: number): number;
  storeUint64(offset: number, value: number): void;
  copy(offset: number, length: number, target: Uint8Array, at: number): void;
  /** Every later access throws: touching unmapped memory would kill the process. */
  unmap(): void;
}

let viewsAllowed: boolean | undefined;

/** Whether C memory can be viewed in place (Node) or must be copied (Electron). Tried once. */
export function canViewMemory(): boolean {
  viewsAllowed ??= tryView();
  return viewsAllowed;
}

/** Switches to copy mode, as under Electron. */
export function forceCopies(): void {
  viewsAllowed = false;
}

function tryView(): boolean {
  const pointer = allocatePages(PROBE_BYTES);
  try {
    viewMemory(pointer, PROBE_BYTES);
    return true;
  } catch {
    return false;
  } finally {
    munmap(pointer, PROBE_BYTES);
  }
}

function mapPages(protection: number, flags: number, fd: number, bytes: number, offset: number): Pointer {
  const pointer = mmap(null, bytes, protection, flags, fd, offset);
  if (pointer === MAP_FAILED || pointer === null) {
    throw systemError('kernel', `Mapping ${bytes} bytes of a BPF buffer failed`, lastErrno(), '');
  }
  return pointer;
}

/** Maps part of a file descriptor, shared. Set `writable` only where the kernel allows it: otherwise EPERM, or a crash on write. */
export function mapShared(fd: number, bytes: number, offset: number, writable: boolean): MappedMemory {
  const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  const pointer = mapPages(protection, MAP_SHARED, fd, bytes, offset);
  return canViewMemory() ? new ViewedMemory(pointer, bytes) : new CopiedMemory(pointer, bytes);
}

/** Zeroed memory that C may keep; pages use memory only once touched. Release it with freePages. */
export function allocatePages(bytes: number): Pointer {
  return mapPages(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, bytes, 0);
}

export function freePages(pointer: Pointer, bytes: number): void {
  munmap(pointer, bytes);
}

/** An unnamed file in memory, for C functions that need a path; null when the kernel has no memfd. */
export function memoryFile(name: string, bytes: Uint8Array): { readonly path: string; close(): void } | null {
  const fd = memfdCreate(name, MFD_CLOEXEC);
  if (fd < 0) return null;
  writeSync(fd, bytes);
  return { path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}

const EMPTY_WORDS = new Int32Array(0);
const EMPTY_LONGS = new BigUint64Array(0);
const EMPTY_BYTES = Buffer.alloc(0);

class ViewedMemory implements MappedMemory {
  words: Int32Array;
  private longs: BigUint64Array;
  view: Buffer;
  private mapped = true;

  constructor(
    private readonly pointer: Pointer,
    readonly bytes: number,
  ) {
    const buffer = viewMemory(pointer, bytes);
    this.words = new Int32Array(buffer);
    this.longs = new BigUint64Array(buffer);
    this.view = Buffer.from(buffer);
  }
  loadUint32(offset: number): number {
    return Atomics.load(this.words, offset >>> 2) >>> 0;
  }
  loadUint64(offset: number): number {
    return Number(Atomics.load(this.longs, offset >>> 3));
  }
  storeUint64(offset: number, value: number): void {
    Atomics.store(this.longs, offset >>> 3, BigInt(value));
  }
  copy(offset: number, length: number, target: Uint8Array, at: number): void {
    if (offset + length > this.view.byteLength) throw new RangeError('copy beyond a mapping');
    target.set(this.view.subarray(offset, offset + length), at);
  }
  unmap(): void {
    if (!this.mapped) return;
    this.mapped = false;
    // Node 20 cannot detach the buffer: drop every array over it first.
    this.words = EMPTY_WORDS;
    this.longs = EMPTY_LONGS;
    this.view = EMPTY_BYTES;
    munmap(this.pointer, this.bytes);
  }
}

class CopiedMemory implements MappedMemory {
  readonly words = null;
  readonly view = null;
  private mapped = true;
  private readonly scratch = new BigUint64Array(1);

  constructor(
    private readonly pointer: Pointer,
    readonly bytes: number,
  ) {}
  loadUint32(offset: number): number {
    return decodeUint32(this.at(offset, 4));
  }
  loadUint64(offset: number): number {
    return decodeUint64(this.at(offset, 8));
  }
  storeUint64(offset: number, value: number): void {
    // Eight aligned bytes: a single store on every supported machine.
    this.scratch[0] = BigInt(value);
    memcpy(this.at(offset, 8), new Uint8Array(this.scratch.buffer), 8);
  }
  copy(offset: number, length: number, target: Uint8Array, at: number): void {
    if (at + length > target.byteLength) throw new RangeError('copy beyond its target');
    memcpy(target.subarray(at, at + length), this.at(offset, length), length);
  }
  unmap(): void {
    if (!this.mapped) return;
    this.mapped = false;
    munmap(this.pointer, this.bytes);
  }
  private at(offset: number, length: number): Pointer {
    if (!this.mapped || offset < 0 || offset + length > this.bytes)
      throw new RangeError('access beyond a mapping');
    return this.pointer + BigInt(offset);
  }
}
