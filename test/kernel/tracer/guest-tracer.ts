/** A tracer inside the guest, reached through the virtio-serial port as a session reaches it, and what it is fed. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { GuestProcess } from '../../../src/session/vm/guest-process';
import type { DataFrame } from '../../../src/shared/protocol/frames';
import { installedClangs } from '../../unit/compile/toolchain';
import { TracerClient } from '../../unit/tracer/tracer-client';
import type { TestGuest } from '../bench/guest';
import { finished, type RunResult } from '../bench/guest';
import { tracerPath, workFolder } from '../bench/paths';
import { workloadPath } from '../bench/workloads';

export interface GuestTracer extends AsyncDisposable {
  readonly client: TracerClient;
  readonly process: GuestProcess;
  readonly socket: Awaited<ReturnType<TestGuest['vm']['tracerStream']>>;
  readonly stderr: () => string;
}

export interface GuestTracerOptions {
  readonly args?: readonly string[];
  /** Put before node: setpriv and its options. */
  readonly prefix?: readonly string[];
  readonly onData?: (frame: DataFrame) => void;
}

/** Starts a tracer and waits for its greeting. Disposing ends it and waits until it is gone. */
export async function startGuestTracer(
  guest: TestGuest,
  options: GuestTracerOptions = {},
): Promise<GuestTracer> {
  const socket = await guest.vm.tracerStream();
  const client = new TracerClient(socket, options.onData);
  const argv = [...(options.prefix ?? []), process.execPath, tracerPath, '--port', 'bpfw.tracer'];
  const started = await guest.spawn([...argv, ...(options.args ?? [])]);
  let stderr = '';
  started.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  started.stdout.resume();
  const token = randomBytes(32).toString('hex');
  started.stdin.write(`${token}\n`);
  const early = started.exited.then(exit => {
    throw new Error(`the tracer ended with ${exit.code ?? exit.signal} before its greeting: ${stderr}`);
  });
  early.catch(() => undefined);
  const hello = await Promise.race([client.hello, early]);
  if (hello.token !== token) throw new Error('the tracer did not send our token');
  return {
    client,
    process: started,
    socket,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      started.stdin.end();
      client.connection.close();
      await started.exited;
    },
  };
}

/** Compiles programs/<name>.bpf.c with the oldest clang supported, and gives the object's bytes. */
export function compileProgram(name: string): Uint8Array {
  const folder = path.join(workFolder, 'tracer');
  mkdirSync(folder, { recursive: true });
  const object = path.join(folder, `${name}.bpf.o`);
  const [clang = 'clang'] = installedClangs();
  execFileSync(
    clang,
    [
      ...['-g', '-O2', '-Wall', '-Werror', '-target', 'bpf', '-D__TARGET_ARCH_x86'],
      '-I/usr/include/x86_64-linux-gnu',
      `-DPROBE_TARGET="${workloadPath('probe_target')}"`,
      ...['-c', path.join(__dirname, 'programs', `${name}.bpf.c`), '-o', object],
    ],
    { stdio: 'inherit' },
  );
  return readFileSync(object);
}

/** The workload, started stopped so that its pid can be given to a program before it runs. */
export async function stoppedWorkload(
  guest: TestGuest,
  count: number,
): Promise<{ readonly pid: number; run(timeoutMs?: number): Promise<RunResult> }> {
  const started = await guest.spawn([workloadPath('probe_target'), String(count)], { stopped: true });
  return {
    pid: started.pid,
    async run(timeoutMs = 60_000) {
      await started.resume();
      return finished(started, timeoutMs, 'the workload');
    },
  };
}

/** File offset of a symbol of a binary linked without PIE, as perf's uprobes want it. */
export function fileOffset(binary: string, symbol: string): bigint {
  const address = execFileSync('nm', [binary], { encoding: 'utf8' })
    .split('\n')
    .map(line => /^([0-9a-f]+) [tT] (\S+)$/.exec(line))
    .find(match => match?.[2] === symbol)?.[1];
  const load = execFileSync('readelf', ['-lW', binary], { encoding: 'utf8' })
    .split('\n')
    .map(line => /^\s+LOAD\s+(0x\S+)\s+(0x\S+)\s+\S+\s+\S+\s+\S+\s+R E/.exec(line))
    .find(match => match !== null);
  if (!address || !load) throw new Error(`no ${symbol} in ${binary}`);
  return BigInt(`0x${address}`) - BigInt(load[2] ?? 0) + BigInt(load[1] ?? 0);
}

/** A u32 constant for session/open, by its offset in .rodata as the object's symbol table has it. */
export function constantU32(
  object: string,
  symbol: string,
  value: number,
): { section: string; offset: number; bytes: string } {
  const line = execFileSync('readelf', ['-sW', object], { encoding: 'utf8' })
    .split('\n')
    .find(row => row.trim().endsWith(` ${symbol}`));
  const offset = Number.parseInt(line?.trim().split(/\s+/)[1] ?? '', 16);
  if (Number.isNaN(offset)) throw new Error(`no ${symbol} in ${object}`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return { section: '.rodata', offset, bytes: bytes.toString('base64') };
}

export const objectPath = (name: string): string => path.join(workFolder, 'tracer', `${name}.bpf.o`);

/** Offset of a global in .bss. */
export function bssOffset(name: string, symbol: string): number {
  return constantU32(objectPath(name), symbol, 0).offset;
}
