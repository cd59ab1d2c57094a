import { findClang } from '../../compile/clang';
import { findLibbpfHeaders } from '../../compile/flags';
import { type DoctorRow, localRows } from '../../session/doctor';
import { vmRows } from '../../session/vm-doctor';
import { EXIT } from '../exit';
import { cacheFolder } from '../paths';
import { printJson } from '../print/json';
import { canAsk } from '../workplace';
import { parseTarget } from './run-options';

/** `bpfw doctor`: one row each; exits 3 when something is missing that the target asked for needs. */
export async function doctorCommand(options: {
  readonly target?: string;
  readonly json?: boolean;
}): Promise<void> {
  const wish = parseTarget(options.target);
  const compileRows = [await clangRow(), await headersRow()];
  const local = wish === 'vm' ? [] : await localRows(undefined, canAsk());
  const vm = wish === 'local' ? [] : await vmRows({ cacheFolder: cacheFolder() });
  for (const row of [...compileRows, ...local, ...vm]) print(row, options.json === true);
  // Without a wish one working target is enough.
  const targetWorks = [local, vm].some(rows => rows.length > 0 && rows.every(row => row.ok));
  process.exitCode = compileRows.every(row => row.ok) && targetWorks ? EXIT.done : EXIT.environment;
}

function print(row: DoctorRow, json: boolean): void {
  if (json) {
    printJson({ type: 'check', ...row });
    return;
  }
  process.stdout.write(`${row.ok ? 'ok     ' : 'missing'}  ${row.what}: ${row.detail}\n`);
  if (!row.ok) process.stdout.write(`         blocks: ${row.blocks}\n         mend:   ${row.mend}\n`);
}

async function clangRow(): Promise<DoctorRow> {
  return check('clang', 'compiling', async () => {
    const clang = await findClang();
    return `${clang.path} ${clang.version}`;
  });
}

async function headersRow(): Promise<DoctorRow> {
  return check('libbpf headers', 'compiling', () => findLibbpfHeaders());
}

async function check(what: string, blocks: string, look: () => Promise<string>): Promise<DoctorRow> {
  try {
    return { what, ok: true, detail: await look(), blocks: '', mend: '' };
  } catch (error) {
    const mend = typeof error === 'object' && error !== null && 'mend' in error ? String(error.mend) : '';
    return { what, ok: false, detail: error instanceof Error ? error.message : String(error), blocks, mend };
  }
}
