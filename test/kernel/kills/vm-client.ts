/** A client of the sandbox VM: boots one, runs a whole session in it, ends it. Prints each step as it begins. */
import { readFileSync } from 'node:fs';
import { VmTarget } from '../../../src/session/targets/vm-target';
import { wholeSession } from './session-steps';

export interface VmClientTask {
  readonly tracerPath: string;
  readonly guestAgentPath: string;
  readonly objectPath: string;
}

const { tracerPath, guestAgentPath, objectPath }: VmClientTask = JSON.parse(process.argv[2] ?? '');
const say = (step: string) => process.stdout.write(`${step}\n`);
const target = new VmTarget({
  tracerPath,
  ifuncProbePath: '',
  // Small: the tests' own guest runs beside it.
  vm: { agentPath: guestAgentPath, memoryMb: 512, cpus: 1 },
  progress: say,
  log: () => undefined,
});
say('reading the object');
wholeSession(target, readFileSync(objectPath), '', say)
  .then(async () => {
    say('ending the VM');
    await target.dispose();
    say('closed');
  })
  .catch(error => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
