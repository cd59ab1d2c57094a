/** From nothing to the first value. */
import path from 'node:path';
import { dist, own, peer, residentMb, say, templateObject, within } from './peers';

/** The same probes at both ends of the same function on either side: kernels take very different times to place them. */
const PROBES = {
  kprobe: ['kprobe:vfs_read', 'kretprobe:vfs_read'],
  fentry: ['kfunc:vfs_read', 'kretfunc:vfs_read'],
} as const;

/** bpfw as one types it, with the probes that it chooses itself: fentry. */
async function shellStart(): Promise<void> {
  const began = performance.now();
  const options = ['--target', 'local', '--json', '--interval', '50ms'];
  const argv = [process.execPath, path.join(dist, 'cli.js'), 'run', templateObject, ...options];
  const bpfw = peer('bpfw', argv, 'pipe', { pinned: false });
  while (!/^{"type":"hist".*"count":/.test(await bpfw.line()));
  say({ kind: 'start', probes: 'fentry', consumer: 'bpfw', ms: performance.now() - began });
  await bpfw.end('SIGKILL');
}

export async function startGroup(rounds: number): Promise<void> {
  const reader = peer('reader', [own('reader')], 'pipe', { pinned: false });
  for (const probes of ['kprobe', 'fentry'] as const) {
    const [begin, end] = PROBES[probes];
    const program =
      `${begin} { @began[tid] = nsecs; } ` +
      `${end} /@began[tid]/ { @us = hist((nsecs - @began[tid]) / 1000); delete(@began[tid]); } ` +
      'interval:ms:20 { print(@us); }';
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      const bpftrace = peer('bpftrace', ['bpftrace', '-B', 'line', '-e', program], 'pipe', { pinned: false });
      while (!/^[[(].*\|@/.test(await bpftrace.line()));
      const ms = performance.now() - began;
      say({ kind: 'start', probes, consumer: 'bpftrace', ms, residentMb: residentMb(bpftrace.pid) });
      await bpftrace.end('SIGKILL');
      if (probes === 'fentry') await shellStart();
    }
    const argv = [process.execPath, own('client.js'), 'start', templateObject];
    const c = peer('client', [...argv, String(rounds), probes], 'pipe', { pinned: false });
    for (let round = 0; round < rounds; round++) {
      const { tracerPid, ...cold } = await c.json<{ ms: number; tracerPid: number }>();
      say({ kind: 'start', probes, consumer: 'cold', ...cold, residentMb: residentMb(tracerPid) });
      c.tell('go on');
      const { starts } = await c.json<{ starts: readonly object[] }>();
      for (const start of starts) say({ kind: 'start', probes, consumer: 'warm', ...start });
      c.tell('go on');
    }
    await within(c.ended, 'the end of the client');
  }
  await reader.end('SIGKILL');
}
