/** The rows of the environment check about compiling. */
import { type EnvironmentRow, lookFor } from '../system/environment-rows';
import { findClang } from './clang';
import { findLibbpfHeaders } from './flags';

/** `clangSetting`: as for findClang. */
export function compileRows(clangSetting?: string): Promise<EnvironmentRow[]> {
  return Promise.all([
    lookFor('clang', 'compiling', async () => {
      const clang = await findClang(clangSetting === undefined ? {} : { setting: clangSetting });
      return `${clang.path}, ${clang.version}`;
    }),
    lookFor('libbpf headers', 'compiling', () => findLibbpfHeaders()),
  ]);
}
