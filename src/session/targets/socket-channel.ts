/** A socket that reads straight to where its bytes stay, instead of into a new buffer per read that is then copied. */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type ByteChannel, duplexChannel } from '../../shared/protocol/byte-channel';

/** For bytes that come before anybody listens, and for a listener without a place of its own. */
const OWN_BYTES = 64 << 10;

/**
 * Converts an accepted, still unread socket (server option pauseOnConnect) to a channel; the socket must not be used
 * afterwards. Node reads into given memory only on sockets created with the option onread, which a server's are not:
 * this creates one from the same handle. If Node keeps the handle elsewhere, the socket is read as usual.
 */
export function acceptedChannel(accepted: Socket): ByteChannel {
  const owner = accepted as unknown as { _handle?: object | null };
  const { _handle: handle } = owner;
  if (!handle) {
    accepted.resume();
    return duplexChannel(accepted);
  }
  const own = new Uint8Array(OWN_BYTES);
  let space = (): Uint8Array => own;
  let listener: ((bytes: Uint8Array) => void) | undefined;
  const early: Uint8Array[] = [];
  const options: SocketConstructorOpts & { readonly handle: object; readonly onread: OnReadOpts } = {
    handle,
    onread: {
      // Called once for the first read, and after each callback for the next.
      buffer: () => space(),
      callback(count, memory) {
        const bytes = memory.subarray(0, count);
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
    onBytes(wanted, place) {
      listener = wanted;
      for (const bytes of early.splice(0)) wanted(bytes);
      if (place) space = place;
      // The socket reports its end only while it flows.
      socket.resume();
    },
  };
}
