import { once } from 'node:events';
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { findGuestNode } from '../../../src/session/vm/guest-node';
import { sharedGuest, type TestGuest } from './guest';

let guest: TestGuest;
beforeAll(async () => {
  guest = await sharedGuest();
});

/** Opens the tracer's port as a tracer does, says `word`, and sends back every byte it gets. */
const ECHO = `
const fs = require('node:fs');
const ports = '/sys/class/virtio-ports/';
const device = fs.readdirSync(ports).find(port => fs.readFileSync(ports + port + '/name', 'utf8').trim() === 'bpfw.tracer');
const fd = fs.openSync('/dev/' + device, 'r+');
fs.writeSync(fd, process.argv[1] + '\\n');
const bytes = Buffer.alloc(65536);
for (;;) {
  const count = fs.readSync(fd, bytes);
  if (count === 0) process.exit(3);
  for (let at = 0; at < count; ) at += fs.writeSync(fd, bytes, at, count - at);
}
`;

async function startEcho(word: string) {
  return guest.spawn([await findGuestNode(), '-e', ECHO, word]);
}

async function readBytes(stream: Socket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let received = 0; received < count; ) {
    const chunk: Buffer | null = stream.read(Math.min(count - received, Math.max(1, stream.readableLength)));
    if (chunk === null) {
      await once(stream, 'readable');
      continue;
    }
    chunks.push(chunk);
    received += chunk.length;
  }
  return Buffer.concat(chunks);
}

describe("the tracer's port", () => {
  it('carries bytes both ways, and starts clean after a tracer died in the middle', async () => {
    const first = await guest.vm.tracerStream();
    const one = await startEcho('first');
    expect((await readBytes(first, 6)).toString()).toBe('first\n');
    const sent = Buffer.alloc(200_000, 'bpf ');
    first.write(sent);
    expect((await readBytes(first, sent.length)).equals(sent)).toBe(true);

    // More than all buffers on the way hold, in both directions, and nobody reads it.
    first.pause();
    first.write(Buffer.alloc(8 << 20, 'old '));
    await one.kill('SIGKILL');
    await one.exited;

    const second = await guest.vm.tracerStream();
    expect(first.destroyed).toBe(true);
    const two = await startEcho('second');
    expect((await readBytes(second, 7)).toString()).toBe('second\n');
    second.write('new');
    expect((await readBytes(second, 3)).toString()).toBe('new');
    await two.kill('SIGKILL');
    await two.exited;
    expect(second.readableLength).toBe(0);
    second.destroy();
  });
});
