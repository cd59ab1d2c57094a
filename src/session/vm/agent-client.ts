import 'vscode-jsonrpc/node';
import type { Duplex } from 'node:stream';
import { ResponseError } from 'vscode-jsonrpc';
import { DataContent } from '../../shared/protocol/frames';
import {
  GUEST_PROTOCOL_VERSION,
  GUEST_STREAM,
  type GuestErrorData,
  type GuestMethod,
  type GuestNotifications,
  type GuestRequests,
  type GuestSpawn,
} from '../../shared/protocol/guest';
import {
  createFrameConnection,
  duplexChannel,
  type FrameConnection,
  isConnectionGone,
} from '../../shared/protocol/rpc-frames';
import { type AgentCalls, type GuestProcess, ProcessRecord } from './guest-process';
import { VmError } from './vm-error';

/** The outside's end of the guest agent: requests, and the processes it started. */
export class AgentClient implements AgentCalls {
  /** Resolves when the agent has reported. */
  readonly ready: Promise<GuestNotifications['ready']>;
  private readonly connection: FrameConnection;
  private readonly records = new Map<number, ProcessRecord>();
  /** Things still to come of a record (spawn's answer, stdout's end, stderr's end, exit); at 0 it is forgotten. */
  private readonly open = new Map<number, number>();
  private ended: VmError | undefined;
  private tellEnd: (reason: VmError) => void = () => undefined;
  private readonly ending = new Promise<VmError>(resolve => {
    this.tellEnd = resolve;
  });

  constructor(port: Duplex) {
    this.connection = createFrameConnection(duplexChannel(port));
    const { rpc } = this.connection;
    const listen = <N extends keyof GuestNotifications>(
      name: N,
      handle: (params: GuestNotifications[N]) => void,
    ): void => void rpc.onNotification(name, handle);
    this.ready = new Promise((resolve, reject) => {
      listen('ready', ready => {
        if (ready.protocolVersion === GUEST_PROTOCOL_VERSION) resolve(ready);
        else
          reject(new VmError('agent-missing', `The guest's agent speaks protocol ${ready.protocolVersion}.`));
      });
    });
    this.ready.catch(() => {});
    listen('outputEnd', ({ processId, stream }) => {
      this.record(processId).outputEnd(stream);
      this.oneLess(processId);
    });
    listen('exit', ({ processId, code, signal }) => {
      this.record(processId).exit({ code, signal });
      this.oneLess(processId);
    });
    this.connection.onData(frame => {
      if (frame.content !== DataContent.processOutput) return;
      const stream = frame.streamId === GUEST_STREAM.stdout ? 'stdout' : 'stderr';
      this.record(frame.sessionId).output(stream, frame.bytes);
    });
    rpc.listen();
  }

  async request<M extends GuestMethod>(
    method: M,
    params: GuestRequests[M]['params'],
  ): Promise<GuestRequests[M]['result']> {
    if (this.ended) throw this.ended;
    try {
      return await this.connection.rpc.sendRequest<GuestRequests[M]['result']>(method, params);
    } catch (error) {
      // The port closes before QEMU has ended, and then it is known how: a moment later.
      throw this.ended ?? (isConnectionGone(error) ? await this.ending : error);
    }
  }

  consumed(processId: number, bytes: number): void {
    // A guest that is gone waits for nothing; that it is gone is said by the end of its connection.
    if (!this.ended)
      void this.connection.rpc.sendNotification('consumed', { processId, bytes }).catch(() => undefined);
  }

  /** Throws VmError 'spawn-failed' when the program cannot be started. */
  async spawn(command: GuestSpawn): Promise<GuestProcess> {
    try {
      const { processId, pid } = await this.request('spawn', command);
      const started = this.record(processId).handle(pid);
      this.oneLess(processId);
      return started;
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      const errnoName = (error.data as GuestErrorData | undefined)?.errnoName ?? 'unknown error';
      const what = `'${command.argv[0]}' cannot be started in the sandbox VM: ${error.message} (${errnoName}).`;
      throw new VmError('spawn-failed', what, null, [], { cause: error });
    }
  }

  /** The guest is gone: everything pending fails with `reason`. */
  end(reason: VmError): void {
    if (this.ended) return;
    this.ended = reason;
    this.tellEnd(reason);
    this.connection.close(reason);
    for (const record of this.records.values()) record.fail(reason);
    this.records.clear();
  }

  private record(processId: number): ProcessRecord {
    let record = this.records.get(processId);
    if (!record) {
      record = new ProcessRecord(processId, this);
      this.records.set(processId, record);
      this.open.set(processId, 4);
    }
    return record;
  }

  private oneLess(processId: number): void {
    const open = (this.open.get(processId) ?? 1) - 1;
    this.open.set(processId, open);
    if (open > 0) return;
    this.open.delete(processId);
    this.records.delete(processId);
  }
}
