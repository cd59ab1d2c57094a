import path from 'node:path';
import { chooseTarget } from '../../session/targets/choose-target';
import { RejectedError, UsageError } from '../print/exit';
import { printJson } from '../print/json';
import { terminalProgress } from '../print/progress';
import { print, tellText } from '../print/terminal';
import type { CompileOptions } from '../workplace/compile-options';
import { requireFile } from '../workplace/input-file';
import { canAsk, compileFor, createTarget } from '../workplace/workplace';
import { parseTarget } from './run-options';

export interface BuildCommandOptions extends CompileOptions {
  readonly output?: string;
  readonly target?: string;
  readonly json?: boolean;
}

/** `bpfw build FILE.bpf.c`: clang's output unchanged, or one JSON object per line with --json. */
export async function buildCommand(file: string, options: BuildCommandOptions): Promise<void> {
  if (!file.endsWith('.c'))
    throw new UsageError(`${file} is not a C source file; programs are named *.bpf.c.`);
  await requireFile(file);
  const sourcePath = path.resolve(file);
  const outputPath = path.resolve(options.output ?? file.replace(/\.c$/, '.o'));
  const { id } = await chooseTarget({
    wanted: parseTarget(options.target),
    env: process.env,
    object: null,
    canAsk: canAsk(),
  });
  const progress = terminalProgress();
  const target = createTarget(id, progress);
  try {
    const { result, flags, added } = await compileFor(target, sourcePath, options, outputPath);
    progress.done();
    if (options.json) {
      for (const diagnostic of result.diagnostics) printJson({ type: 'diagnostic', ...diagnostic });
      printJson({
        type: 'built',
        ok: result.ok,
        object: result.objectPath,
        durationMs: result.durationMs,
        cached: result.cached,
        header: result.header,
        flags: {
          from: flags.from,
          file: flags.file,
          flags: flags.flags,
          found: added,
          libbpf: flags.libbpfFolder,
          leftOut: flags.dropped,
          unused: flags.unused,
        },
      });
    } else {
      tellText(result.output);
    }
    if (!result.ok) throw new RejectedError(options.json ? '' : `${path.basename(file)} does not compile.`);
    if (!options.json) print(path.relative(process.cwd(), outputPath));
  } finally {
    progress.done();
    await target.dispose();
  }
}
