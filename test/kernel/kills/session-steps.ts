/** One session from start to close, step by step, with the session room's own code; what the clients that are killed run. */
import { writeFileSync } from 'node:fs';
import type { Target } from '../../../src/session/targets/target';
import { TracerPool } from '../../../src/session/targets/tracer-pool';
import { startSession } from '../../../src/session/tracing/start-session';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { readObject } from '../../../src/shared/object/object';

/** Records that a whole session waits for before it closes. */
const RECORDS = 200;

/** `say` is told of each step as it begins. */
export async function wholeSession(
  target: Target,
  objectBytes: Uint8Array,
  password: string,
  say: (step: string) => void,
): Promise<void> {
  const object = readObject(objectBytes, 'busy.bpf.o');
  const tracers = new TracerPool();
  // The sandbox VM's kernel does not run this process: there the record of any will do.
  const pid = target.id === 'local' ? process.pid : null;
  const { session } = await startSession(
    {
      target,
      tracers,
      object,
      objectBytes,
      parameters: new Map([['target_pid', String(pid ?? 0)]]),
      pid,
      ui: { hasTerminal: false, consent: async () => true, password: async () => password },
      progress: say,
      askConsent: async () => false,
    },
    () => undefined,
  );
  say('streaming');
  let records = 0;
  await new Promise<void>(resolve => {
    session.onFrame((_stream, frame) => {
      records += indexRingSpan(frame.bytes).count;
      if (records >= RECORDS) resolve();
      else makeSystemCall();
    });
    makeSystemCall();
  });
  for (const map of object.maps.filter(each => each.view.kind !== 'events')) await session.readMap(map);
  await session.drain();
  say('closing');
  await session.close();
  tracers.dispose();
}

function makeSystemCall(): void {
  writeFileSync('/dev/null', 'x');
}
