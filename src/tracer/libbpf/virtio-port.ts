/**
 * A named virtio-serial port of a guest as a byte channel. The device can be opened only once and a blocking read would
 * occupy a pool thread for ever, so one non-blocking descriptor is polled for both directions.
 */

import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { systemErrno } from '../../shared/errors/system-errno';
import type { ByteChannel } from '../../shared/protocol/byte-channel';
import { TracerError } from '../common/errors';
import { type Readiness, watchDescriptor } from './readiness';

const PORTS_FOLDER = '/sys/class/virtio-ports';
const READ_BYTES = 64 << 10;
const QUEUE_BYTES = 4 << 20;
/** Until the other side connects, a read returns 0, as it does after a disconnect. */
const FIRST_CONTACT_MS = 10_000;
const CONTACT_RETRY_MS = 20;
/** drivers/char/virtio_console.c accepts at most this many bytes per write. */
const WRITE_BYTES = 32 << 10;

/** Throws TracerError 'not-found' when the guest has no port of that name. */
export function openPort(name: string): ByteChannel {
  let device: string | undefined;
  try {
    device = readdirSync(PORTS_FOLDER).find(port => readPortName(port) === name);
  } catch {
    // Not a guest with virtio-serial: reported below.
  }
  if (device === undefined)
    throw new TracerError('not-found', `This system has no virtio-serial port ${name}.`);
  const fd = openSync(`/dev/${device}`, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  return new PortChannel(fd);
}

function readPortName(port: string): string {
  try {
    return readFileSync(`${PORTS_FOLDER}/${port}/name`, 'utf8').trim();
  } catch {
    return '';
  }
}

interface Queued {
  /** Bytes still to be written. */
  bytes: Uint8Array;
  readonly written: (() => void) | undefined;
}

class PortChannel implements ByteChannel {
  private readonly readiness: Readiness;
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private readonly queue: Queued[] = [];
  private queuedBytes = 0;
  private bytesListener: ((bytes: Uint8Array) => void) | undefined;
  private space = (): Uint8Array => this.buffer;
  private readonly drainListeners: (() => void)[] = [];
  private closeListener: ((error: Error | undefined) => void) | undefined;
  /** True once the other side has connected. */
  private contact = false;
  private waiting = false;
  private paused = false;
  private closed = false;
  private readonly openedAt = performance.now();

  constructor(private readonly fd: number) {
    const readiness = watchDescriptor(fd, () => {
      this.flush();
      this.read();
    });
    if (!readiness) throw new TracerError('internal', 'This koffi cannot poll file descriptors.');
    this.readiness = readiness;
  }

  write(bytes: Uint8Array, written?: () => void): boolean {
    if (this.closed) return false;
    this.queue.push({ bytes, written });
    this.queuedBytes += bytes.byteLength;
    this.flush();
    return this.queuedBytes < QUEUE_BYTES;
  }

  onBytes(listener: (bytes: Uint8Array) => void, space = this.space): void {
    this.bytesListener = listener;
    this.space = space;
    this.read();
  }
  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }
  onClose(listener: (error: Error | undefined) => void): void {
    this.closeListener = listener;
  }
  pause(): void {
    this.paused = true;
    this.listen();
  }
  resume(): void {
    this.paused = false;
    this.listen();
  }
  close(): void {
    setImmediate(() => this.end(undefined));
  }

  private listen(): void {
    if (this.closed || this.waiting) return;
    const events = {
      readable: !this.paused && this.bytesListener !== undefined,
      writable: this.queue.length > 0,
    };
    if (!events.readable && !events.writable) {
      this.readiness.stop();
      return;
    }
    this.readiness.want(events);
    this.readiness.start();
  }

  private read(): void {
    if (this.closed || this.paused || !this.bytesListener) return;
    const space = this.space();
    let count: number;
    try {
      count = readSync(this.fd, space, 0, space.byteLength, null);
    } catch (error) {
      if (systemErrno(error) !== 'EAGAIN') {
        this.end(error as Error);
        return;
      }
      this.contact = true;
      this.listen();
      return;
    }
    if (count > 0) {
      this.contact = true;
      this.bytesListener(space.subarray(0, count));
      this.listen();
    } else if (this.contact || performance.now() - this.openedAt > FIRST_CONTACT_MS) {
      this.end(undefined);
    } else {
      // Polling would report a hang-up repeatedly until the other side connects.
      this.waiting = true;
      this.readiness.stop();
      setTimeout(() => {
        this.waiting = false;
        this.flush();
        this.read();
      }, CONTACT_RETRY_MS);
    }
  }

  private flush(): void {
    if (this.closed) return;
    const full = this.queuedBytes >= QUEUE_BYTES;
    try {
      for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
        const count = writeSync(this.fd, first.bytes, 0, Math.min(first.bytes.byteLength, WRITE_BYTES));
        this.queuedBytes -= count;
        if (count === first.bytes.byteLength) {
          this.queue.shift();
          first.written?.();
        } else {
          first.bytes = first.bytes.subarray(count);
        }
      }
    } catch (error) {
      if (systemErrno(error) !== 'EAGAIN') {
        this.end(error as Error);
        return;
      }
    }
    this.listen();
    if (full && this.queuedBytes < QUEUE_BYTES) for (const listener of this.drainListeners) listener();
  }

  private end(error: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.readiness.close();
    closeSync(this.fd);
    this.closeListener?.(error);
  }
}
