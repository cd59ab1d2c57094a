/** bpfw: the command line. */
import { CommanderError } from 'commander';
import { EXIT, reportFailure } from './print/exit';
import { endWithReader } from './print/terminal';
import { program } from './program';

async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (error) {
    // --help and --version also throw, with exit code 0.
    process.exitCode =
      error instanceof CommanderError
        ? error.exitCode === 0
          ? EXIT.done
          : EXIT.usage
        : reportFailure(error);
  }
}

endWithReader(EXIT.done);
void main();
