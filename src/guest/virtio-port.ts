import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ByteChannel } from '../shared/protocol/byte-channel';

const PORT_CLASS = '/sys/class/virtio-ports';
const DEADLINE_MS = 10_000;
const RETRY_MS = 5;

/** Device name (vportXpY) of the virtio-serial port that the host gave this name. Throws when none appears within 10 s. */
export async function findPort(name: string): Promise<string> {
  // The driver adds ports as control messages arrive, some time after the module was loaded.
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await delay(RETRY_MS)) {
    for (const device of await readdir(PORT_CLASS).catch(() => [])) {
      const found = await readFile(path.join(PORT_CLASS, device, 'name'), 'utf8').catch(() => '');
      if (found.trim() === name) return device;
    }
  }
  throw new Error(`virtio-serial port ${name} not found`);
}

/** Resolves when the host has opened (or closed) the port. Only debugfs reports this without opening the port. */
export async function awaitHost(name: string, connected: boolean): Promise<void> {
  const state = path.join('/sys/kernel/debug/virtio-ports', await findPort(name));
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await delay(RETRY_MS)) {
    if (/^host_connected: 1$/m.test(await readFile(state, 'utf8')) === connected) return;
  }
  throw new Error(`the host has not ${connected ? 'opened' : 'closed'} ${name}`);
}

/** The port as a channel. It can be opened only once, so one descriptor serves both directions. */
export async function openPort(name: string): Promise<ByteChannel> {
  const fd = openSync(path.join('/dev', await findPort(name)), 'r+');
  const reader = createReadStream('', { fd, autoClose: false, highWaterMark: 256 << 10 });
  const writer = createWriteStream('', { fd, autoClose: false, highWaterMark: 1 << 20 });
  return {
    write: (bytes, written) => (written ? writer.write(bytes, () => written()) : writer.write(bytes)),
    onBytes: listener => void reader.on('data', bytes => typeof bytes !== 'string' && listener(bytes)),
    onDrain: listener => void writer.on('drain', listener),
    onClose: listener => {
      reader.on('end', () => listener(undefined));
      reader.on('error', listener);
      writer.on('error', listener);
    },
    pause: () => void reader.pause(),
    resume: () => void reader.resume(),
    close: () => {
      reader.destroy();
      writer.destroy();
    },
  };
}
