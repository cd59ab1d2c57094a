/** A socket whose bytes are read into one buffer, again and again: no buffer a read, whose pages the kernel would have to find. */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type ByteChannel, duplexChannel } from '../../shared/protocol/rpc-frames';

/** More than a Unix socket holds (net.core.wmem_default, 208 KiB): one read takes all there is. */
const READ_BYTES = 256 << 10;

/**
 * An accepted socket that nobody reads yet (server option pauseOnConnect) as a channel; the socket itself is of no use
 * afterwards. Node reads into a given buffer only on sockets that are made so (option onread), which a server's are not:
 * this makes one of the same handle. Where Node keeps handles elsewhere it reads as it always does.
 */
export function acceptedChannel(accepted: Socket): ByteChannel {
  const owner = accepted as unknown as { _handle?: object | null };
  const { _handle: handle } = owner;
  if (!handle) {
    accepted.resume();
    return duplexChannel(accepted);
  }
  const buffer = new Uint8Array(READ_BYTES);
  let listener: ((bytes: Uint8Array) => void) | undefined;
  const early: Uint8Array[] = [];
  const options: SocketConstructorOpts & { readonly handle: object; readonly onread: OnReadOpts } = {
    handle,
    onread: {
      buffer,
      callback(count) {
        const bytes = buffer.subarray(0, count);
        if (listener) listener(bytes);
        else early.push(bytes.slice());
        return true;
      },
    },
  };
  const socket = new Socket(options);
  owner._handle = null;
  return {
    ...duplexChannel(socket),
    onBytes(wanted) {
      listener = wanted;
      for (const bytes of early.splice(0)) wanted(bytes);
      // Its end is told only while it flows.
      socket.resume();
    },
  };
}
