/**
 * Runs inside the guest, one boot for everything: starts ours and the peers side by side on CPU 0, the producer on
 * CPU 1, and prints one JSON object per measurement. CPU time is what the scheduler counted for all threads of the
 * processes that consume (/proc/PID/task/TID/schedstat).
 *
 *   runner.js stream|start|maps ROUNDS BINARIES DIST TEMPLATE_OBJECT
 */
import { mapsGroup } from './maps';
import { startGroup } from './starts';
import { streamGroup } from './streams';

const [group, roundsText = '1'] = process.argv.slice(2);
const run = group === 'stream' ? streamGroup : group === 'start' ? startGroup : mapsGroup;
run(Number(roundsText)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
