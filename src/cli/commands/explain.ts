import path from 'node:path';
import { text } from 'node:stream/consumers';
import { readLocalVariables } from '../../shared/object/local-variables';
import { readObject } from '../../shared/object/object';
import { explainLog } from '../../shared/verifier/explain';
import { diagnosticRows, printRejectedJson, type TypedFile } from '../print/diagnostics';
import { EXIT, UsageError } from '../print/exit';
import { printJson } from '../print/json';
import { print } from '../print/terminal';
import { readInputFile } from '../workplace/input-file';

export interface ExplainCommandOptions {
  readonly object?: string;
  readonly source?: string;
  readonly json?: boolean;
}

/** `bpfw explain FILE.log`: explains a verifier log of any origin; "-" is stdin. Loads nothing and needs no target. */
export async function explainCommand(file: string, options: ExplainCommandOptions): Promise<void> {
  const log = file === '-' ? await text(process.stdin) : (await readInputFile(file)).toString();
  const bytes = options.object ? await readInputFile(options.object) : undefined;
  const object = bytes && options.object ? readObject(bytes, path.basename(options.object)) : undefined;
  const locals = bytes && readLocalVariables(bytes);
  const source = options.source
    ? { file: options.source, text: (await readInputFile(options.source)).toString() }
    : undefined;
  const files: TypedFile[] = options.source
    ? [{ typed: options.source, path: path.resolve(options.source) }]
    : [];
  const explanations = explainLog(log, { object, locals, source, file: options.source ?? options.object });
  if (explanations.length === 0) {
    throw new UsageError(
      `${file} does not contain a verifier log, which ends with the verifier’s message and a line “processed N insns”.`,
    );
  }
  for (const { program, diagnostics, statistics } of explanations) {
    const name = program ?? '';
    if (diagnostics.length > 0) {
      if (options.json) printRejectedJson(name, diagnostics, files);
      else print(diagnostics.flatMap(each => diagnosticRows(each, files)));
      continue;
    }
    const instructions = statistics?.processedInstructions ?? 0;
    const states = statistics?.totalStates ?? 0;
    if (options.json) printJson({ type: 'verified', programs: [{ name, instructions, states }] });
    else
      print(`${name || 'The program'} was accepted after ${instructions} instructions and ${states} states.`);
  }
  process.exitCode = EXIT.done;
}
