import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { ConsoleLog } from '../../../../src/session/vm/console-log';

async function logOf(...chunks: string[]): Promise<ConsoleLog> {
  const log = new ConsoleLog();
  const stream = Readable.from(chunks);
  log.follow(stream);
  await finished(stream);
  return log;
}

describe('ConsoleLog', () => {
  it('joins lines across chunks and drops what a terminal would eat', async () => {
    const log = await logOf('\x1bc\x1b[?7l\x1b[2Jfir', 'st\r\n\r\nsec', 'ond');
    expect(log.tail(10)).toEqual(['first', 'second']);
  });

  it('holds no more of a line than a message shows, and nothing that turns text around', async () => {
    const log = await logOf(
      ...Array.from({ length: 200 }, () => 'x'.repeat(1 << 20)),
      '\n\u202e\u2066evil\u2028\n',
    );
    const [long, turned] = log.tail(10);
    expect(long).toHaveLength(2000);
    expect(turned).toBe('evil');
  });

  it('keeps the last lines, and returns those from a panic on', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`);
    const quiet = await logOf(...lines);
    expect(quiet.tail(2000).length).toBeLessThan(1000);
    expect(quiet.lastWords(2)).toEqual(['line 998', 'line 999']);
    const panic = '[1.0] Kernel panic - not syncing: out of luck';
    const crashed = await logOf('before\n', `${panic}\n`, 'CPU: 0\n', 'Call Trace:\n', 'deep\n');
    expect(crashed.lastWords(3)).toEqual([panic, 'CPU: 0', 'Call Trace:']);
  });
});
