import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Capabilities } from '../../../src/session/elevation/capabilities';
import type { SessionError } from '../../../src/session/errors';
import type { Target } from '../../../src/session/targets/target';
import type { TracerConnection } from '../../../src/session/targets/tracer-connection';
import { TRACER_IDLE_MS, TracerPool } from '../../../src/session/targets/tracer-pool';

const capabilities: Capabilities = [];
const options = {} as Parameters<TracerPool['acquire']>[3];

/** A target whose tracers are connections that only know how to end. */
function target(confine: () => Promise<null> = async () => null) {
  const closed: number[] = [];
  let made = 0;
  const connect = async () => {
    const number = ++made;
    let gone: (reason: SessionError | null) => void = () => undefined;
    return {
      request: confine,
      closed: new Promise<SessionError | null>(resolve => {
        gone = resolve;
      }),
      close() {
        closed.push(number);
        gone(null);
      },
    } as unknown as TracerConnection;
  };
  return { target: { connect } as unknown as Target, closed };
}

describe('TracerPool', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends a tracer 30 s after the last session let go', async () => {
    const { target: machine, closed } = target();
    const pool = new TracerPool(TRACER_IDLE_MS);
    const connection = await pool.acquire(machine, capabilities, 'p', options);
    const first = pool.hold(connection);
    const second = pool.hold(connection);
    first();
    first();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([]);
    second();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toEqual([1]);
    expect(await pool.acquire(machine, capabilities, 'p', options)).not.toBe(connection);
  });

  it('does not end a tracer that serves other capabilities, too, since it was idle', async () => {
    const { target: machine, closed } = target();
    // As the sandbox VM: whoever connects gets the one tracer there is.
    const only = await machine.connect({ ...options, capabilities, objectName: 'p' });
    const vm = { connect: async () => only } as unknown as Target;
    const pool = new TracerPool(TRACER_IDLE_MS);
    pool.hold(await pool.acquire(vm, capabilities, 'p', options))();
    await vi.advanceTimersByTimeAsync(20_000);
    const more: Capabilities = [{ capability: 'perfmon', why: 'to trace' }];
    const release = pool.hold(await pool.acquire(vm, more, 'p', options));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([]);
    release();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(closed).toEqual([1]);
  });

  it('reuses a confined tracer for no other session, and one that could not be confined for any', async () => {
    const { target: machine } = target();
    const pool = new TracerPool(TRACER_IDLE_MS);
    const connection = await pool.acquire(machine, capabilities, 'p', options);
    await pool.confine(connection);
    expect(await pool.acquire(machine, capabilities, 'p', options)).not.toBe(connection);

    const { target: other } = target(() => Promise.reject(new Error('no seccomp')));
    const open = await pool.acquire(other, capabilities, 'p', options);
    await expect(pool.confine(open)).rejects.toThrow('no seccomp');
    expect(await pool.acquire(other, capabilities, 'p', options)).toBe(open);
  });

  it('keeps a tracer that is used again in time', async () => {
    const { target: machine, closed } = target();
    const pool = new TracerPool(TRACER_IDLE_MS);
    const connection = await pool.acquire(machine, capabilities, 'p', options);
    pool.hold(connection)();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(await pool.acquire(machine, capabilities, 'p', options)).toBe(connection);
    const release = pool.hold(connection);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([]);
    release();
    pool.dispose();
    expect(closed).toEqual([1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(closed).toEqual([1]);
  });

  it('keeps tracers until it is disposed where no idle time is given', async () => {
    const { target: machine, closed } = target();
    const pool = new TracerPool();
    pool.hold(await pool.acquire(machine, capabilities, 'p', options))();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(closed).toEqual([]);
    pool.dispose();
    expect(closed).toEqual([1]);
  });
});
