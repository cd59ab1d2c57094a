/** A client in the guest, as an ordinary user: one whole session on that kernel. Prints each step as it begins. */
import { readFileSync } from 'node:fs';
import { LocalTarget } from '../../../src/session/targets/local-target';
import { wholeSession } from './session-steps';

export interface LocalClientTask {
  readonly tracerPath: string;
  readonly objectPath: string;
  readonly password: string;
}

const { tracerPath, objectPath, password }: LocalClientTask = JSON.parse(process.argv[2] ?? '');
const target = new LocalTarget({
  tracerPath,
  version: '0.0.0',
  ifuncProbePath: '',
  elevation: 'sudo',
  log: () => undefined,
});
const say = (step: string) => process.stdout.write(`${step}\n`);
say('reading the object');
wholeSession(target, readFileSync(objectPath), password, say).then(
  () => say('closed'),
  error => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
