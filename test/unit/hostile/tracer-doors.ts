/** The privileged process's end: frames, schemas, dispatch and handlers, in this process. Nothing here can load a program: no ELF bytes are sent. */

import { createFrameConnection } from '../../../src/shared/protocol/rpc-frames';
import { dispatch } from '../../../src/tracer/dispatch';
import { silenceLibbpf } from '../../../src/tracer/libbpf/log';
import { createRequests } from '../../../src/tracer/requests';
import type { Door } from './child';
import { HeldChannel } from './frames';
import { frame } from './tracer-frames';

/** Rounds between two turns of the event loop. */
const TURN = 16;

export function tracerDoors(): readonly Door[] {
  silenceLibbpf();
  let end = opened();
  let id = 0;
  return [
    {
      name: 'privileged process: frames from a hostile client',
      errors: [],
      read: async below => {
        end.send(frame(below, ++id), below);
        if (id % TURN === 0 || end.paused) await end.settled();
        if (end.closed) end = opened();
      },
    },
  ];
}

function opened(): HeldChannel {
  const held = new HeldChannel();
  const connection = createFrameConnection(held.channel, { pendingBlobBytes: 1 << 20 });
  dispatch(connection, createRequests(connection).handlers, reason => connection.close(reason));
  connection.rpc.listen();
  return held;
}
