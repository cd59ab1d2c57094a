/** A socket that reads into one reused buffer, instead of a new buffer per read, whose pages the kernel would have to allocate. */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type ByteChannel, duplexChannel } from '../../shared/protocol/rpc-frames';

/** More than a Unix socket holds (net.core.wmem_default, 208 KiB): one read empties it. */
const READ_BYTES = 256 << 10;

/**
 * Converts an accepted, still unread socket (server option pauseOnConnect) to a channel; the socket must not be used
 * afterwards. Node reads into a given buffer only on sockets created with the option onread, which a server's are not:
 * this creates one from the same handle. If Node keeps the handle elsewhere, the socket is read as usual.
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
      // The socket reports its end only while it flows.
      socket.resume();
    },
  };
}
