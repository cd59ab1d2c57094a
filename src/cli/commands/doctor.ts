import { compileRows } from '../../compile/doctor';
import { localRows } from '../../session/environment/doctor';
import { vmRows } from '../../session/environment/vm-doctor';
import { type EnvironmentSection, environmentText } from '../../system/environment-rows';
import { EXIT } from '../print/exit';
import { printJson } from '../print/json';
import { print } from '../print/terminal';
import { cacheFolder, OWN_TRACER } from '../workplace/paths';
import { canAsk } from '../workplace/workplace';
import { parseTarget } from './run-options';

/** `bpfw doctor`: one row per check; exits 3 when something that the requested target needs is missing. */
export async function doctorCommand(options: {
  readonly target?: string;
  readonly json?: boolean;
}): Promise<void> {
  const wanted = parseTarget(options.target);
  const compiling: EnvironmentSection = { area: 'compiling', rows: await compileRows() };
  const targets: EnvironmentSection[] = [];
  if (wanted !== 'vm')
    targets.push({ area: 'this kernel', rows: await localRows(undefined, canAsk(), OWN_TRACER) });
  if (wanted !== 'local')
    targets.push({ area: 'sandbox VM', rows: await vmRows({ cacheFolder: cacheFolder() }) });

  const sections = [compiling, ...targets];
  if (options.json === true) {
    // The field was called `mend` in 0.1 (docs/cli.md): kept, with the same value.
    for (const { area, rows } of sections)
      for (const row of rows) printJson({ type: 'check', area, ...row, mend: row.fix }); // lint-words: quoted
  } else print(environmentText(sections).split('\n'));
  const works = ({ rows }: EnvironmentSection) => rows.every(row => row.ok);
  // When no target was requested, one that works is enough.
  process.exitCode = works(compiling) && targets.some(works) ? EXIT.done : EXIT.environment;
}
