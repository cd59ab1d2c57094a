/** Everything BPF: Check Environment asks: this kernel and process, what compiles, what the sandbox VM needs. */
import { findClang } from '../../compile/clang';
import { CompileEnvironmentError } from '../../compile/environment-error';
import { findLibbpfHeaders } from '../../compile/flags';
import { localRows } from '../../session/doctor';
import { defaultCacheFolder, findKernel } from '../../session/vm/kernel-image';
import { findQemu } from '../../session/vm/qemu';
import { VmError } from '../../session/vm/vm-error';
import type { EnvironmentRow } from './page';

export interface EnvironmentSources {
  clangPath(): string | undefined;
  nodePath(): string | undefined;
  qemuPath(): string | undefined;
}

export async function environmentRows(sources: EnvironmentSources): Promise<EnvironmentRow[]> {
  const clangPath = sources.clangPath();
  const compiling = 'compiling';
  const sandbox = 'the sandbox VM';
  const rows = await Promise.all([
    check('clang', compiling, async () => {
      const clang = await findClang(clangPath === undefined ? {} : { setting: clangPath });
      return `${clang.path}: ${clang.version}`;
    }),
    check('libbpf headers', compiling, () => findLibbpfHeaders()),
    check('QEMU', sandbox, () => findQemu(sources.qemuPath())),
    check(
      'Kernel for the sandbox VM',
      sandbox,
      async () => (await findKernel(defaultCacheFolder())).imagePath,
    ),
  ]);
  return [...(await localRows(sources.nodePath(), true)), ...rows];
}

/** A row from a function that finds something or throws why not, with the mend. */
async function check(what: string, blocks: string, find: () => Promise<string>): Promise<EnvironmentRow> {
  try {
    return { what, ok: true, detail: await find(), blocks: '', mend: '' };
  } catch (error) {
    const mend = error instanceof CompileEnvironmentError || error instanceof VmError ? error.mend : null;
    return {
      what,
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
      blocks,
      mend: mend ?? '',
    };
  }
}
