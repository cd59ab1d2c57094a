/**
 * The only door for what a client sends: every request is checked against its schema before anything looks at it. What
 * does not fit ends the connection, with the reason.
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
import { TracerError } from './errors';
import { isConfined } from './libbpf/confine';
import type { Handlers } from './requests';

/** Requests a client may have unanswered. The session room asks one after another; a flood is an attack or a bug. */
const MAX_PENDING = 256;

/** Registers the handlers; `refuse` is called with the reason when the client broke the contract. */
export function dispatch(
  connection: FrameConnection,
  handlers: Handlers,
  refuse: (reason: TracerError) => void,
): void {
  let pending = 0;
  let broken = false;
  const { rpc } = connection;

  const run = async (method: string, params: unknown): Promise<unknown> => {
    if (pending >= MAX_PENDING) throw new BrokenContract(`more than ${MAX_PENDING} requests at a time`);
    if (!isMethod(method)) throw new BrokenContract(`the tracer knows no request ${method.slice(0, 64)}`);
    const checked = v.safeParse(TracerRequestSchemas[method], params);
    if (!checked.success) {
      const issue = checked.issues[0];
      throw new BrokenContract(`${method}: ${v.getDotPath(issue) ?? 'parameters'}: ${issue.message}`);
    }
    refuseIfConfined(method);
    pending++;
    // A client that does not read its answers is not read from either.
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
    // The connection is about to end: what else comes is not looked at.
    if (broken) return new Promise(() => undefined);
    try {
      return await run(method, params);
    } catch (error) {
      const failure = toTracerError(error);
      if (error instanceof BrokenContract || error instanceof FrameError) {
        broken = true;
        setImmediate(() => refuse(failure));
      }
      return responseError(connection, failure);
    }
  });
  rpc.onNotification((method: string) => {
    refuse(toTracerError(new BrokenContract(`the tracer takes no notification ${method.slice(0, 64)}`)));
  });
}

/** What a confined tracer still does; the kernel refuses it the rest. */
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
    `This tracer was confined after attaching and does ${method} no more. Start another one.`,
  );
}

const isMethod = (method: string): method is TracerMethod => Object.hasOwn(TracerRequestSchemas, method);

/** A message that no client of ours sends: it is answered, and then the connection ends. */
class BrokenContract extends Error {}

function toTracerError(error: unknown): TracerError {
  if (error instanceof TracerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BrokenContract || error instanceof FrameError) {
    return new TracerError('bad-request', `The client broke the protocol: ${message}.`);
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
