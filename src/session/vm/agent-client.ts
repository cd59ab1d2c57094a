import 'vscode-jsonrpc/node';
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { ResponseError } from 'vscode-jsonrpc';
import { duplexChannel } from '../../shared/protocol/byte-channel';
import { DataContent, type DataFrame, FrameError } from '../../shared/protocol/frames';
import {
  GUEST_PROCESSES,
  GUEST_PROTOCOL_VERSION,
  GUEST_STREAM,
  GuestErrorSchema,
  type GuestMethod,
  type GuestNotification,
  GuestNotificationSchemas,
  type GuestNotifications,
  type GuestParams,
  type GuestResult,
  GuestResultSchemas,
  type GuestSpawn,
} from '../../shared/protocol/guest';
import {
  createFrameConnection,
  type FrameConnection,
  isConnectionGone,
} from '../../shared/protocol/rpc-frames';
import { escapeText } from '../../shared/text/escape';
import { type AgentCalls, type GuestProcess, ProcessRecord } from './guest-process';
import { agentViolation, VmError } from './vm-error';

/**
 * The host's end of the guest agent: requests, and the processes it started. Root in the guest can impersonate the
 * agent: a message that violates the protocol closes the port and resolves `broken`.
 */
export class AgentClient implements AgentCalls {
  /** Resolves when the agent has reported. */
  readonly ready: Promise<GuestNotifications['ready']>;
  /** Resolves with the reason when the agent violated the protocol; the guest is then unusable. */
  readonly broken: Promise<VmError>;
  private readonly connection: FrameConnection;
  /** Requested processes from which messages are still expected. */
  private readonly records = new Map<number, ProcessRecord>();
  private nextProcessId = 1;
  private ended: VmError | undefined;
  private resolveEnding: (reason: VmError) => void = () => undefined;
  private readonly ending = new Promise<VmError>(resolve => {
    this.resolveEnding = resolve;
  });

  constructor(port: Duplex) {
    this.connection = createFrameConnection(duplexChannel(port), { takesRequests: false });
    this.broken = new Promise(resolve =>
      this.connection.onClosed(reason => {
        if (reason instanceof FrameError) resolve(agentViolation(escapeText(reason.message)));
      }),
    );
    this.ready = new Promise((resolve, reject) => {
      this.connection.rpc.onNotification((method: string, params: unknown) => {
        const notification = parseNotification(method, params);
        if (!notification) this.refuse(`a malformed notification '${method.slice(0, 64)}'`);
        else if (notification.method !== 'ready') this.progress(notification);
        else if (notification.params.protocolVersion === GUEST_PROTOCOL_VERSION) resolve(notification.params);
        else reject(foreignAgent(notification.params.protocolVersion));
      });
    });
    this.ready.catch(() => {});
    this.connection.onData(frame => this.output(frame));
    this.connection.rpc.listen();
  }

  async request<M extends GuestMethod>(method: M, params: GuestParams[M]): Promise<GuestResult<M>> {
    if (this.ended) throw this.ended;
    let answer: unknown;
    try {
      answer = await this.connection.rpc.sendRequest(method, params);
    } catch (error) {
      // The port closes shortly before QEMU exits; wait for the reason of its exit.
      throw this.ended ?? (isConnectionGone(error) ? await this.ending : error);
    }
    const result = v.safeParse(GuestResultSchemas[method], answer);
    if (result.success) return result.output as GuestResult<M>;
    this.refuse(`a malformed response to '${method}'`);
    throw await this.ending;
  }

  consumed(processId: number, bytes: number): void {
    // Ignore failures of notifications to a guest that has ended: the end of its connection is reported.
    if (this.ended) return;
    void this.connection.rpc.sendNotification('consumed', { processId, bytes }).catch(() => undefined);
    // Stop reading from an agent that does not read: confirmations would pile up here.
    if (this.connection.writable) return;
    this.connection.pause();
    void this.connection.drained().then(() => this.connection.resume());
  }

  /** Throws VmError 'spawn-failed' when the program cannot be started. */
  async spawn(command: GuestSpawn): Promise<GuestProcess> {
    const processId = this.nextProcessId++;
    if (this.records.size >= GUEST_PROCESSES) {
      const what = `The sandbox VM already runs ${this.records.size} processes for this session, which is the limit.`;
      throw new VmError('spawn-failed', what, { text: 'Wait until some have exited.' });
    }
    const record = new ProcessRecord(processId, this);
    this.records.set(processId, record);
    try {
      return record.handle(await this.request('spawn', { ...command, processId }));
    } catch (error) {
      this.records.delete(processId);
      if (!(error instanceof ResponseError)) throw error;
      const data = v.safeParse(GuestErrorSchema, error.data);
      const errnoName = data.success ? data.output.errnoName : 'unknown error';
      const reason = escapeText(`${error.message.slice(0, 1000)} (${errnoName})`);
      const what = `Starting '${command.argv[0]}' in the sandbox VM failed: ${reason}.`;
      throw new VmError('spawn-failed', what, null, [], { cause: error });
    }
  }

  /** The guest has ended: everything pending fails with `reason`. */
  end(reason: VmError): void {
    if (this.ended) return;
    this.ended = reason;
    this.resolveEnding(reason);
    this.connection.close(reason);
    for (const record of this.records.values()) record.fail(reason);
    this.records.clear();
  }

  private progress({ method, params }: ProcessNotification): void {
    const record = this.records.get(params.processId);
    if (!record) {
      this.refuse('a notification for an unknown process');
      return;
    }
    if (method === 'exit') record.exit({ code: params.code, signal: params.signal });
    else record.outputEnd(params.stream);
    if (record.isOver) this.records.delete(params.processId);
  }

  private output({ content, sessionId, streamId, bytes }: DataFrame): void {
    const stream =
      streamId === GUEST_STREAM.stdout ? 'stdout' : streamId === GUEST_STREAM.stderr ? 'stderr' : null;
    const record = content === DataContent.processOutput && stream ? this.records.get(sessionId) : undefined;
    if (!record || !stream) this.refuse('output of an unknown process');
    else if (!record.output(stream, bytes)) this.refuse('more output than the window allows');
  }

  private refuse(what: string): void {
    this.connection.close(new FrameError('malformed', what));
  }
}

type Notification = {
  [N in GuestNotification]: { readonly method: N; readonly params: GuestNotifications[N] };
}[GuestNotification];
type ProcessNotification = Exclude<Notification, { readonly method: 'ready' }>;

function parseNotification(method: string, params: unknown): Notification | null {
  if (!Object.hasOwn(GuestNotificationSchemas, method)) return null;
  const parsed = v.safeParse(GuestNotificationSchemas[method as GuestNotification], params);
  return parsed.success ? ({ method, params: parsed.output } as Notification) : null;
}

function foreignAgent(version: number): VmError {
  return new VmError('agent-missing', `The guest's agent speaks protocol ${version}.`);
}
