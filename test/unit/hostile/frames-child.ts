/** Malformed frames into one end of the protocol; see child.ts. */
import 'vscode-jsonrpc/node';
import { readObject } from '../../../src/shared/object/object';
import { serveRounds } from './child';
import { clientDoors } from './client-doors';
import { decoderDoors } from './decoder-doors';
import { helperDoors } from './helper-doors';
import { readSamples } from './read-samples';

void serveRounds(({ folder, end }) => {
  if (end === 'helper') return helperDoors();
  const objects = readSamples(folder).objects.map(bytes => ({ object: readObject(bytes, 'sample'), bytes }));
  // Every second round is the whole session's.
  const [session] = clientDoors(objects);
  return decoderDoors(objects.map(each => each.object)).flatMap(door => (session ? [session, door] : [door]));
});
