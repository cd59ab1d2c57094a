/**
 * The parts of vscode-jsonrpc's runtime interface that a connection over frames uses. The package's own Node runtime
 * also loads streams, sockets, processes and crypto: a quarter of the tracer's start-up time. The tracer's tests all
 * use it, so they check it against the pinned version.
 */
import { RAL } from 'vscode-jsonrpc';

const unused = (): never => {
  throw new Error('vscode-jsonrpc asked for a part of its runtime that frames do not use');
};
const content = { name: 'application/json', encode: unused, decode: unused };

export function installJsonRpcRuntime(): void {
  RAL.install({
    crypto: { randomUUID: () => globalThis.crypto.randomUUID() },
    applicationJson: { encoder: content, decoder: content },
    messageBuffer: { create: unused },
    console,
    timer: {
      setTimeout(callback, ms, ...args) {
        const handle = setTimeout(callback, ms, ...args);
        return { dispose: () => clearTimeout(handle) };
      },
      setImmediate(callback, ...args) {
        const handle = setImmediate(callback, ...args);
        return { dispose: () => clearImmediate(handle) };
      },
      setInterval(callback, ms, ...args) {
        const handle = setInterval(callback, ms, ...args);
        return { dispose: () => clearInterval(handle) };
      },
    },
  });
}
