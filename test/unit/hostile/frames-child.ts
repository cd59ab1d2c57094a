/** Malformed frames into one end of the protocol; see child.ts. */
import 'vscode-jsonrpc/node';
import { readObject } from '../../../src/shared/object/object';
import { serveRounds } from './child';
import { clientDoors } from './client-doors';
import { decoderDoors } from './decoder-doors';
import { guestDoors } from './guest-doors';
import { readSamples } from './read-samples';
import { tracerDoors } from './tracer-doors';

void serveRounds(({ folder, end }) => {
  if (end === 'tracer') return tracerDoors();
  const objects = readSamples(folder).objects.map(bytes => ({ object: readObject(bytes, 'sample'), bytes }));
  // Whole sessions and guests have two rounds of three.
  const [session] = clientDoors(objects);
  const [guest] = guestDoors();
  const decoders = decoderDoors(objects.map(each => each.object));
  return decoders.flatMap(door => [session, guest, door].filter(each => each !== undefined));
});
