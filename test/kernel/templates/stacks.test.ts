/** Stacks by name: of commands that are over long before anybody could look at them. */
import { describe, expect, it } from 'vitest';
import { trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

describe('stacksnoop', () => {
  it('shows the kernel functions that led to the call', async () => {
    const result = await trace({
      program: 'stacksnoop',
      parameters: { target_function: 'tcp_v4_connect' },
      command: [workloadPath('w_net'), 'tcp', '3'],
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['kprobe/tcp_v4_connect']);
    expect(result.events).toHaveLength(3);
    for (const event of result.events) {
      expect(event).toMatchObject({ pid: result.pid, comm: 'w_net' });
      expect(event.stack).toEqual(expect.arrayContaining(['inet_stream_connect', '__sys_connect']));
      expect((event.stack as readonly string[]).slice(0, 2)).toEqual([
        'tcp_v4_connect',
        '__inet_stream_connect',
      ]);
    }
    expect(result.counters).toMatchObject({ stacks_lost: 0, callers_missed: 0 });
    expect(result.stacks.map(({ frames, value }) => [frames.slice(-2), Number(value.calls)])).toEqual([
      [['__inet_stream_connect', 'tcp_v4_connect'], 3],
    ]);
  });

  it('reports which function the kernel does not have', async () => {
    const asked = trace({
      program: 'stacksnoop',
      parameters: { target_function: 'no_such_function' },
      command: ['true'],
    });
    await expect(asked).rejects.toMatchObject({
      code: 'attach-point-missing',
      message: expect.stringContaining("no function 'no_such_function'"),
    });
  });
});

describe('mallocstacks', () => {
  it('sums up bytes and calls by stack, the direct caller included', async () => {
    const result = await trace({
      program: 'mallocstacks',
      command: [workloadPath('w_malloc_fp')],
    });
    expect(result.commandExit).toBe(0);
    const through = (caller: string) =>
      result.stacks
        .filter(stack => stack.frames.includes(caller))
        .map(stack => ({
          innermost: stack.frames.slice(stack.frames.indexOf('main')).join(';'),
          bytes: Number(stack.value.bytes),
          calls: Number(stack.value.calls),
        }));
    expect(through('aaa')).toEqual([{ innermost: 'main;ccc;aaa;malloc', bytes: 1000, calls: 10 }]);
    expect(through('bbb')).toEqual([{ innermost: 'main;ddd;bbb;malloc', bytes: 5000, calls: 5 }]);
    expect(result.counters.stacks_lost).toBe(0);
  });

  it('names C++ and Rust functions as their authors wrote them', async () => {
    const result = await trace({
      program: 'mallocstacks',
      command: [workloadPath('w_malloc_names')],
    });
    expect(result.commandExit).toBe(0);
    const own = result.stacks
      .filter(stack => stack.frames.includes('main'))
      .map(stack => {
        const path = stack.frames.slice(stack.frames.indexOf('main') + 1);
        return [path.filter(name => !name.includes('repeat<')).join(';'), Number(stack.value.calls)];
      });
    // A lambda has no name of its own: the compiler numbers it.
    const readable = new Map(
      own.map(([path, calls]) => [String(path).replaceAll(/\$_\d+/g, 'lambda'), calls]),
    );
    expect(readable).toEqual(
      new Map([
        ['shop::Basket::add(int) const;malloc', 3],
        ['main::lambda::operator()() const;void shop::reserve<long>(long);malloc', 2],
        ['main::lambda::operator()() const;malloc', 1],
        ['<&str as shop::Price>::price;shop::main::{{closure}};shop::shop::add;malloc', 4],
        ['<shop::Money as core::ops::arith::Add>::add;malloc', 5],
      ]),
    );
  });
});

describe('stack_buildid', () => {
  it('samples on every CPU at its frequency, and names build ids', async () => {
    // A timer that comes late because the host was busy gives one sample for all it missed: rarely 100 ms.
    const SECONDS = 4;
    const HZ = 10;
    const result = await trace({
      program: 'stack_buildid',
      parameters: { frequency: String(HZ) },
      command: [workloadPath('w_burn'), String(SECONDS), '1'],
    });
    expect(result.commandExit).toBe(0);
    const samples = result.stacks.reduce((sum, stack) => sum + Number(stack.value.samples), 0);
    expect(samples).toBeGreaterThan(0.8 * SECONDS * HZ);
    expect(samples).toBeLessThan(1.2 * SECONDS * HZ);
    const burning = result.stacks
      .filter(stack => stack.frames.join(';').endsWith('main;burn_mid;burn_leaf'))
      .reduce((sum, stack) => sum + Number(stack.value.samples), 0);
    expect(burning).toBeGreaterThan(0.9 * samples);
    for (const stack of result.stacks) expect(stack.key).toMatchObject({ pid: result.pid });
    expect(result.counters.stacks_lost).toBe(0);
  });
});

describe('lbr', () => {
  it('reports that this machine has no branch records', async () => {
    const asked = trace({ program: 'lbr', command: ['true'] });
    await expect(asked).rejects.toMatchObject({
      name: 'SessionError',
      code: 'attach-point-missing',
      message: expect.stringContaining('no last branch records'),
    });
  });
});
