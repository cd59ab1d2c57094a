/** A source names files by #include and in SEC("uprobe/…"), and it is enough to open it: none of them stops the server. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileFiles } from '../../unit/system/hostile-files';
import { CURSOR, ServerUnderTest, scratch } from './client';

const ANSWER_MS = 10_000;

describe('files that a source names', () => {
  const folder = scratch();
  const hostile = hostileFiles('.h');
  let server: ServerUnderTest;

  beforeAll(async () => {
    server = await ServerUnderTest.onSmallKernel(folder);
  }, 60_000);
  afterAll(() => {
    // One that hangs does not end by being asked.
    process.kill(server.pid, 'SIGKILL');
    rmSync(server.folder, { recursive: true, force: true });
    hostile.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const inTime = <T>(answer: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  };

  let count = 0;
  it.each(hostile.all)(
    'answers for a source that includes %s, probes it and lies beside it',
    async file => {
      const name = `${count++}.bpf.c`;
      const upwards = path.relative('/usr/include', file);
      const text = `#include "vmlinux.h"\n#include "${file}"\n#include <${upwards}>\n`;
      await server.diagnostics(name, `${text}struct unknown_to_all x;\n`);
      await inTime(server.complete(name, `${text}SEC("uprobe/${file}:${CURSOR}")`, ':'));
      await inTime(server.complete(name, `${text}SEC("usdt/${file}:${CURSOR}")`, ':'));
      await inTime(server.at('textDocument/hover', name, `${text}SEC("uprobe/${file}:${CURSOR}main")`));
      const memoryKb = execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)], { encoding: 'utf8' });
      expect(Number(memoryKb)).toBeLessThan(512 * 1024);
    },
    60_000,
  );

  it('answers when a FIFO lies beside the source and is named as one', async () => {
    execFileSync('mkfifo', [path.join(hostile.folder, 'beside.bpf.c')]);
    execFileSync('ln', ['-s', '/dev/zero', path.join(hostile.folder, 'zero.bpf.c')]);
    const uri = pathToFileURL(path.join(hostile.folder, 'program.bpf.c')).href;
    const answer = server.complete(uri, `#include "vmlinux.h"\nSEC("freplace/${CURSOR}")`, '/');
    expect(Array.isArray(await inTime(answer))).toBe(true);
  }, 30_000);
});
