import { verifyPrograms } from '../../session/tracing/verify-programs';
import { diagnosticRows, printRejectedJson, type TypedFile } from '../print/diagnostics';
import { EXIT, RejectedError } from '../print/exit';
import { printJson } from '../print/json';
import { terminalProgress } from '../print/progress';
import { tableRows } from '../print/table';
import { print, tell } from '../print/terminal';
import { requirePrograms } from '../workplace/allow-programs';
import type { CompileOptions } from '../workplace/compile-options';
import { terminalUi } from '../workplace/elevation-prompt';
import { readInputFile } from '../workplace/input-file';
import { openWorkplace } from '../workplace/workplace';
import { parseTarget } from './run-options';

export interface VerifyCommandOptions extends CompileOptions {
  readonly target?: string;
  /** Named for `run`: what is only loaded needs no consent, so that here no name is missing and none changes anything. */
  readonly allow?: readonly string[];
  readonly json?: boolean;
}

/** `bpfw verify FILE`: loads every program, attaches none. Throws RejectedError when the verifier rejects one. */
export async function verifyCommand(program: string, options: VerifyCommandOptions): Promise<void> {
  const progress = terminalProgress();
  const workplace = await openWorkplace(program, parseTarget(options.target), progress, options);
  try {
    const { target, tracers, object, objectBytes, file } = workplace;
    requirePrograms(object, options.allow ?? [], '--allow');
    const typed = program.endsWith('.c') || program.endsWith('.o') ? program : file;
    const files: TypedFile[] = [{ typed, path: file }];
    const { verified, rejected, leftOut } = await verifyPrograms({
      target,
      tracers,
      object,
      objectBytes,
      file,
      sourceText: file.endsWith('.c') ? (await readInputFile(file)).toString() : undefined,
      ui: terminalUi(),
      progress,
    });
    progress.done();
    for (const { name, why } of leftOut) tell(`bpfw: ${name} is left out on this target: ${why}`);
    for (const { name, diagnostics } of rejected) {
      if (options.json) printRejectedJson(name, diagnostics, files);
      else print(diagnostics.flatMap(each => diagnosticRows(each, files)));
    }
    if (rejected.length > 0) {
      const names = rejected.map(each => each.name).join(', ');
      throw new RejectedError(`the verifier rejected ${names}.`);
    }
    if (options.json) {
      printJson({
        type: 'verified',
        programs: verified.map(({ name, instructions, states }) => ({ name, instructions, states })),
      });
    } else {
      const rows = verified.map(each => [
        each.name,
        each.section,
        String(each.size),
        String(each.instructions),
        String(each.states),
      ]);
      print(tableRows(['PROGRAM', 'SECTION', 'INSTRUCTIONS', 'WALKED', 'STATES'], rows));
    }
    process.exitCode = EXIT.done;
  } finally {
    progress.done();
    await workplace.dispose();
  }
}
