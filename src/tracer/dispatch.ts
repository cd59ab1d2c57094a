/**
 * The only entry point for requests: every request is validated against its schema before it is handled. An invalid
 * one closes the connection, with the reason.
 */
import * as v from 'valibot';
import { ResponseError } from 'vscode-jsonrpc';
import { FrameError } from '../shared/protocol/frames';
import type { FrameConnection } from '../shared/protocol/rpc-frames';
import {
  TRACER_RPC_ERROR,
  type TracerErrorData,
  type TracerMethod,
  TracerRequestSchemas,
} from '../shared/protocol/tracer';
import { TracerError } from './common/errors';
import { isConfined } from './libbpf/confine';
import type { Handlers } from './requests';

/** Limit of unanswered requests. The session code sends one after another; a flood is an attack or a bug. */
const MAX_PENDING = 256;

/** Registers the handlers; calls `refuse` with the reason when the client violates the protocol. */
export function dispatch(
  connection: FrameConnection,
  handlers: Handlers,
  refuse: (reason: TracerError) => void,
): void {
  let pending = 0;
  let broken = false;
  const { rpc } = connection;

  const run = async (method: string, params: unknown): Promise<unknown> => {
    if (pending >= MAX_PENDING) throw new ProtocolViolation(`more than ${MAX_PENDING} unanswered requests`);
    if (!isMethod(method)) throw new ProtocolViolation(`unknown request ${method.slice(0, 64)}`);
    const checked = v.safeParse(TracerRequestSchemas[method], params);
    if (!checked.success) {
      const issue = checked.issues[0];
      throw new ProtocolViolation(`${method}: ${v.getDotPath(issue) ?? 'parameters'}: ${issue.message}`);
    }
    refuseIfConfined(method);
    pending++;
    // Stop reading from a client that does not read its responses.
    if (!connection.writable) {
      connection.pause();
      void connection.drained().then(() => connection.resume());
    }
    try {
      return await (handlers[method] as (params: unknown) => Promise<unknown>)(checked.output);
    } finally {
      pending--;
    }
  };

  rpc.onRequest(async (method: string, params: unknown) => {
    // The connection is about to close: ignore further messages.
    if (broken) return new Promise(() => undefined);
    try {
      return await run(method, params);
    } catch (error) {
      const failure = toTracerError(error);
      if (error instanceof ProtocolViolation || error instanceof FrameError) {
        broken = true;
        setImmediate(() => refuse(failure));
      }
      return responseError(connection, failure);
    }
  });
  rpc.onNotification((method: string) => {
    refuse(toTracerError(new ProtocolViolation(`unknown notification ${method.slice(0, 64)}`)));
  });
}

/** Requests that a confined tracer can still serve; the kernel refuses the system calls of all others. */
const AFTER_CONFINING: ReadonlySet<TracerMethod> = new Set<TracerMethod>([
  'tracer/confine',
  'map/read',
  'printk/unwatch',
  'session/close',
  'session/drain',
  'session/statistics',
  'stream/unwatch',
]);

function refuseIfConfined(method: TracerMethod): void {
  if (!isConfined() || AFTER_CONFINING.has(method)) return;
  throw new TracerError(
    'not-permitted',
    `This tracer was confined after attaching and no longer serves ${method}. Start a new session.`,
  );
}

const isMethod = (method: string): method is TracerMethod => Object.hasOwn(TracerRequestSchemas, method);

/** A message that our clients never send: it is answered, then the connection is closed. */
class ProtocolViolation extends Error {}

function toTracerError(error: unknown): TracerError {
  if (error instanceof TracerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProtocolViolation || error instanceof FrameError) {
    return new TracerError('bad-request', `The client violated the protocol: ${message}.`);
  }
  return new TracerError('internal', `The tracer failed: ${message}. Please report it.`);
}

function responseError(connection: FrameConnection, error: TracerError): ResponseError<TracerErrorData> {
  const { errno, errnoName, program, needsConsent, verifierLog, libbpfLog } = error.details;
  const data: TracerErrorData = {
    code: error.code,
    ...(errno === undefined ? {} : { errno }),
    ...(errnoName === undefined ? {} : { errnoName }),
    ...(program === undefined ? {} : { program }),
    ...(needsConsent === undefined ? {} : { needsConsent }),
    ...(libbpfLog === undefined || libbpfLog.length === 0 ? {} : { libbpfLog }),
    ...(verifierLog === undefined ? {} : { verifierLogBlobId: connection.sendBlob(verifierLog) }),
  };
  return new ResponseError(TRACER_RPC_ERROR, error.message, data);
}
