/** The byte stream to the client: a Unix socket, a virtio-serial port of a guest, or an inherited descriptor. */
import net from 'node:net';
import type { DuplexOptions } from 'node:stream';
import { type ByteChannel, duplexChannel } from '../shared/protocol/byte-channel';
import { TracerError } from './common/errors';

/** Bytes that a client may leave unread before the tracer stops reading kernel buffers. */
export const QUEUE_BYTES = 4 << 20;
const FAREWELL_MS = 1000;

export interface Transport {
  readonly channel: ByteChannel;
  /** The socket whose peer credentials can be read; null for a port, whose other end is the hypervisor. */
  readonly socketFd: number | null;
}

export type TransportChoice =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'port'; readonly name: string }
  | { readonly kind: 'descriptor'; readonly fd: number };

/** Throws TracerError 'not-found' when there is nothing to connect to. */
export async function openTransport(choice: TransportChoice): Promise<Transport> {
  if (choice.kind === 'port') {
    const { openPort } = await import('./libbpf/virtio-port');
    return { channel: openPort(choice.name), socketFd: null };
  }
  const options: net.SocketConstructorOpts & DuplexOptions = {
    writableHighWaterMark: QUEUE_BYTES,
    ...(choice.kind === 'descriptor' ? { fd: choice.fd, readable: true, writable: true } : {}),
  };
  const socket = new net.Socket(options);
  if (choice.kind === 'socket') await connect(socket, choice.path);
  return { channel: socketChannel(socket), socketFd: descriptorOf(socket) };
}

function connect(socket: net.Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', error => {
      reject(new TracerError('not-found', `The tracer cannot reach its client at ${path}: ${error.message}`));
    });
    socket.connect({ path }, resolve);
  });
}

/** Node does not expose the descriptor, which SO_PEERCRED needs. */
function descriptorOf(socket: net.Socket): number | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : null;
}

function socketChannel(socket: net.Socket): ByteChannel {
  return {
    ...duplexChannel(socket),
    close() {
      // One turn later and after queued data is written: the reason for the close comes last.
      setImmediate(() => socket.destroySoon());
      setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
    },
  };
}
