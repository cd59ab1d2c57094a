import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  FileRefusal,
  openUntrustedFileSync,
  readUntrustedFile,
  readUntrustedFileSync,
} from '../../../src/system/untrusted-file';
import { hostileFiles } from './hostile-files';

const hostile = hostileFiles();
afterAll(() => hostile.remove());
const LIMIT = 1 << 20;

it.each(hostile.all)('refuses %s', async (file, code) => {
  await expect(readUntrustedFile(file, LIMIT)).rejects.toMatchObject({ name: 'FileRefusal', code });
  expect(() => readUntrustedFileSync(file, LIMIT)).toThrowError(expect.objectContaining({ code }));
  if (code === 'not-a-file')
    expect(() => openUntrustedFileSync(file)).toThrowError(expect.objectContaining({ code }));
  else closeSync(openUntrustedFileSync(file));
});

it("passes the system's errors on", async () => {
  const missing = path.join(hostile.folder, 'missing');
  await expect(readUntrustedFile(missing, LIMIT)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(() => readUntrustedFileSync(missing, LIMIT)).toThrowError(
    expect.objectContaining({ code: 'ENOENT' }),
  );
});

it('reads a regular file whole up to the limit, through links, and an empty one', async () => {
  const file = path.join(hostile.folder, 'plain');
  for (const size of [0, 1, 4096, LIMIT]) {
    const bytes = Buffer.alloc(size, 'x');
    writeFileSync(file, bytes);
    expect((await readUntrustedFile(file, LIMIT)).equals(bytes)).toBe(true);
    expect(readUntrustedFileSync(file, LIMIT).equals(bytes)).toBe(true);
  }
  appendFileSync(file, '!');
  await expect(readUntrustedFile(file, LIMIT)).rejects.toMatchObject({ code: 'too-large' });
});

it('leaves the thread pool free while many FIFOs are asked for', async () => {
  const asked = Array.from({ length: 64 }, () =>
    readUntrustedFile(hostile.fifo, LIMIT).catch((error: unknown) => error),
  );
  expect(await readFile('/proc/self/comm', 'utf8')).toBe(readFileSync('/proc/self/comm', 'utf8'));
  for (const answer of await Promise.all(asked)) expect(answer).toBeInstanceOf(FileRefusal);
}, 10_000);

it('reads no more of a growing file than it had, and does not wait for its end', async () => {
  const file = path.join(hostile.folder, 'growing');
  writeFileSync(file, 'x'.repeat(1000));
  const writer = spawn('/bin/sh', ['-c', `while :; do head -c 4096 /dev/zero; done >> "$0"`, file]);
  try {
    while (statSync(file).size < 100_000) await new Promise(setImmediate);
    const most = 16 << 20;
    for (let count = 0; count < 20; count++) {
      const before = statSync(file).size;
      const answer = await readUntrustedFile(file, most).catch((error: unknown) => error);
      const after = statSync(file).size;
      if (answer instanceof FileRefusal) {
        expect(answer.code).toBe('too-large');
        expect(after).toBeGreaterThan(most);
        truncateSync(file);
      } else {
        expect((answer as Buffer).length).toBeGreaterThanOrEqual(before);
        expect((answer as Buffer).length).toBeLessThanOrEqual(Math.min(after, most));
      }
    }
  } finally {
    writer.kill('SIGKILL');
  }
}, 30_000);

it('never waits when a FIFO or a device takes the place of the file again and again', async () => {
  const file = path.join(hostile.folder, 'swapped');
  writeFileSync(file, 'text');
  const swap = `const fs = require('node:fs');
    const [file, fifo] = process.argv.slice(1);
    for (;;) {
      for (const make of [() => fs.linkSync(fifo, file + '.new'), () => fs.symlinkSync('/dev/zero', file + '.new'),
                          () => fs.writeFileSync(file + '.new', 'text')]) {
        make();
        fs.renameSync(file + '.new', file);
      }
    }`;
  const swapper = spawn(process.execPath, ['-e', swap, file, hostile.fifo]);
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  try {
    for (let turn = 0; turn < 20_000; turn++) {
      try {
        const bytes = turn % 2 ? readUntrustedFileSync(file, LIMIT) : await readUntrustedFile(file, LIMIT);
        // The swapper writes its file before it is in place.
        expect(bytes.toString()).toBe('text');
        count('read');
      } catch (error) {
        if (!(error instanceof FileRefusal)) throw error;
        count(error.code);
      }
      if (turn >= 4000 && seen.size > 1 && seen.has('read')) break;
    }
  } finally {
    swapper.kill('SIGKILL');
  }
  expect(seen.get('read')).toBeGreaterThan(0);
  expect(seen.get('not-a-file')).toBeGreaterThan(0);
}, 60_000);
