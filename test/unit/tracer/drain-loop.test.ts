import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Chunk, StreamSource } from '../../../src/tracer/common/stream-source';
import { DrainLoop, type ReadinessLike } from '../../../src/tracer/drain-loop';

/** A buffer of numbered bytes, filled by the test. */
class Buffered implements StreamSource {
  readonly content = 0;
  readonly descriptors = [7];
  readonly capacityBytes = 1000;
  produced = 0;
  consumed = 0;
  looks = 0;
  closed = false;
  take(): Chunk | null {
    this.looks++;
    const count = Math.min(10, this.produced - this.consumed);
    if (count === 0) return null;
    this.consumed += count;
    return { bytes: new Uint8Array(count), records: count, lost: 0, more: this.consumed < this.produced };
  }
  mark() {
    const produced = this.produced;
    return { reached: () => this.consumed >= produced };
  }
  close() {
    this.closed = true;
  }
}

let source: Buffered;
let sent: number;
let writable: boolean;
let releaseDrain: () => void;
let polling: boolean;
let ready: () => void;
let loop: DrainLoop;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  source = new Buffered();
  sent = 0;
  writable = true;
  polling = false;
  loop = new DrainLoop(
    source,
    {
      get writable() {
        return writable;
      },
      drained: () =>
        new Promise(resolve => {
          releaseDrain = resolve;
        }),
      memory: bytes => new Uint8Array(bytes),
      send: chunk => {
        sent += chunk.records;
      },
    },
    (_fd, listener): ReadinessLike => {
      ready = listener;
      return {
        start: () => {
          polling = true;
        },
        stop: () => {
          polling = false;
        },
        close: () => {
          polling = false;
        },
      };
    },
    error => {
      throw error;
    },
  );
});
afterEach(() => {
  loop.stop();
  vi.useRealTimers();
});

/** Lets the event loop turn, without time passing. */
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
};
const untilIdle = async () => {
  for (let i = 0; i < 20 && !polling; i++) await vi.advanceTimersByTimeAsync(20);
  expect(polling).toBe(true);
};

describe('the drain loop', () => {
  it('takes everything in bounded steps, letting the event loop turn between them', async () => {
    await untilIdle();
    source.produced = 95;
    ready();
    expect(sent).toBe(10);
    await turns(20);
    expect(sent).toBe(95);
  });

  it('waits idle for the descriptor, and looks every 20 ms while busy instead of being woken', async () => {
    await untilIdle();
    source.produced = 1;
    ready();
    expect(polling).toBe(false);
    const looks = source.looks;
    await vi.advanceTimersByTimeAsync(39);
    source.produced = 2;
    await vi.advanceTimersByTimeAsync(2);
    expect(sent).toBe(2);
    expect(source.looks - looks).toBeLessThanOrEqual(5);
    await untilIdle();
  });

  it('does not chase a producer that goes on producing', async () => {
    await untilIdle();
    const take = source.take.bind(source);
    source.take = () => {
      const chunk = take();
      source.produced++;
      return chunk;
    };
    source.produced = 1;
    const looks = source.looks;
    ready();
    for (let ms = 0; ms < 100; ms++) {
      await vi.advanceTimersByTimeAsync(1);
      await turns(2);
    }
    expect(sent).toBeGreaterThanOrEqual(5);
    expect(source.looks - looks).toBeLessThanOrEqual(7);
  });

  it('finds records that were submitted without a wake-up', async () => {
    await untilIdle();
    source.produced = 3;
    await vi.advanceTimersByTimeAsync(260);
    expect(sent).toBe(3);
  });

  it('takes nothing while the client does not read, and goes on when it does', async () => {
    await untilIdle();
    writable = false;
    source.produced = 50;
    ready();
    await vi.advanceTimersByTimeAsync(1000);
    expect(source.consumed).toBe(0);
    writable = true;
    releaseDrain();
    await turns(20);
    expect(sent).toBe(50);
  });

  it('looks sooner when a tick finds the buffer filling up', async () => {
    await untilIdle();
    source.produced = 400;
    ready();
    await turns(60);
    expect(sent).toBe(400);
    source.produced = 410;
    await vi.advanceTimersByTimeAsync(11);
    await turns(5);
    expect(sent).toBe(410);
  });

  it('flushes what is there at the time of asking', async () => {
    await untilIdle();
    source.produced = 33;
    const flushed = loop.flush();
    await turns(10);
    expect(await flushed).toBe(33);
    expect(sent).toBe(33);
  });

  it('stops once, closing its source', () => {
    loop.stop();
    loop.stop();
    expect(source.closed).toBe(true);
    expect(polling).toBe(false);
  });
});
