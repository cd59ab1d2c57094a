/** The client's end of the guest agent: processes in the sandbox VM as root in there may tell of them. */
import { Duplex } from 'node:stream';
import { AgentClient } from '../../../src/session/vm/agent-client';
import { VmError } from '../../../src/session/vm/vm-error';
import { FrameSplitter } from '../../../src/shared/protocol/frame-splitter';
import { DataContent, FrameKind } from '../../../src/shared/protocol/frames';
import { GUEST_PROTOCOL_VERSION } from '../../../src/shared/protocol/guest';
import type { Door } from './child';
import { blobFrame, damagedFrame, damagedJson, dataFrame, rpcFrame, strayMessage } from './frames';
import { type Below, pick } from './mutate';

const FRAMES_OF_A_GUEST = 200;
const READY = {
  protocolVersion: GUEST_PROTOCOL_VERSION,
  kernelRelease: '6.1.0',
  nodeVersion: 'v20',
  uptimeS: 1,
};

export function guestDoors(): readonly Door[] {
  const failures: unknown[] = [];
  let guest: Guest | null = null;
  return [
    {
      name: 'client: frames from a hostile guest',
      errors: [],
      read: async below => {
        guest ??= new Guest(failures);
        await guest.step(below);
        if (guest.over) {
          await guest.end();
          guest = null;
        }
        const [failure] = failures;
        if (failure !== undefined) throw failure;
      },
    },
  ];
}

class Guest {
  private readonly port: Duplex;
  private readonly agent: AgentClient;
  private readonly client: Promise<void>;
  private readonly pending: { readonly id: number; readonly method: string }[] = [];
  private frames = 0;
  private broken = false;
  private giveUp: (reason: VmError) => void = () => undefined;
  private readonly ended = new Promise<never>((_, reject) => {
    this.giveUp = reject;
  });

  constructor(failures: unknown[]) {
    const splitter = new FrameSplitter(({ kind, bytes }) => {
      if (kind !== FrameKind.rpc) return;
      const message = JSON.parse(Buffer.from(bytes).toString());
      if (message.id !== undefined) this.pending.push(message);
    });
    this.port = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        splitter.push(new Uint8Array(chunk));
        done();
      },
    });
    this.agent = new AgentClient(this.port);
    void this.agent.broken.then(reason => {
      this.broken = true;
      this.agent.end(reason);
    });
    this.ended.catch(() => undefined);
    this.client = this.useGuest().catch(error => {
      if (!(error instanceof VmError)) failures.push(error);
    });
  }

  get over(): boolean {
    return this.broken || this.frames > FRAMES_OF_A_GUEST;
  }

  async step(below: Below): Promise<void> {
    this.frames++;
    this.port.push(this.frame(below));
    if (this.frames % 4 === 0 || this.pending.length === 0)
      await new Promise(resolve => setImmediate(resolve));
  }

  async end(): Promise<void> {
    const reason = new VmError('guest-died', 'The sandbox VM ended.');
    this.agent.end(reason);
    this.giveUp(reason);
    await this.client;
    this.port.destroy();
  }

  /** Starts processes, reads what they print, waits for their end. */
  private async useGuest(): Promise<void> {
    // As whoever boots a guest waits: for its agent or for its end.
    await Promise.race([this.agent.ready, this.ended]);
    for (;;) {
      const command = { argv: ['x'], cwd: '/', env: {}, stopped: false, uid: 0, gid: 0 };
      const process = await this.agent.spawn(command).catch(error => {
        if (error instanceof VmError && error.code === 'spawn-failed') return null;
        throw error;
      });
      if (!process) continue;
      process.stdout.on('error', () => undefined).resume();
      process.stderr.on('error', () => undefined).resume();
      await process.kill('SIGTERM').catch(error => {
        if (error instanceof VmError) throw error;
      });
      await process.exited;
    }
  }

  private frame(below: Below): Uint8Array {
    if (this.frames === 1) {
      const ready = `{"jsonrpc":"2.0","method":"ready","params":${JSON.stringify(READY)}}`;
      return rpcFrame(below(10) === 0 ? damagedJson(ready, below) : ready);
    }
    const request = this.pending.shift();
    const processId = 1 + below(3);
    const way = below(60);
    if (way === 0) return blobFrame(below);
    if (way === 1) return rpcFrame(strayMessage(below), below);
    if (request) {
      const result = request.method === 'spawn' ? { pid: 7, agentPid: 1 } : null;
      const failure = { code: -32001, message: 'no', data: { errnoName: 'ENOENT' } };
      const answer = below(10) === 0 ? { error: failure } : { result };
      const text = JSON.stringify({ jsonrpc: '2.0', id: request.id, ...answer });
      if (way === 2) return damagedFrame(rpcFrame(text), below);
      return rpcFrame(below(20) === 0 ? damagedJson(text, below) : text);
    }
    if (way < 30) {
      const bytes = Uint8Array.from({ length: below(400) }, () => below(256));
      const content = below(30) === 0 ? below(6) : DataContent.processOutput;
      return dataFrame(below, bytes, {
        sessionId: processId,
        streamId: below(20) === 0 ? below(4) : 1 + below(2),
        content,
      });
    }
    const params = pick(
      [
        ['exit', { processId, code: 0, signal: null }],
        ['outputEnd', { processId, stream: pick(['stdout', 'stderr'], below) }],
      ] as const,
      below,
    );
    const text = JSON.stringify({ jsonrpc: '2.0', method: params[0], params: params[1] });
    return rpcFrame(below(20) === 0 ? damagedJson(text, below) : text);
  }
}
