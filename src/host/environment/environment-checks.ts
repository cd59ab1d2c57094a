/** The rows of BPF: Check Environment: compiling, this kernel and process, and the sandbox VM. */
import { compileRows } from '../../compile/doctor';
import type { OwnTracer } from '../../session/elevation/installed-tracer';
import { localRows } from '../../session/environment/doctor';
import { vmRows } from '../../session/environment/vm-doctor';
import { defaultCacheFolder } from '../../system/cache-files';
import type { EnvironmentSection } from '../../system/environment-rows';

export interface EnvironmentSources {
  clangPath(): string | undefined;
  nodePath(): string | undefined;
  qemuPath(): string | undefined;
}

export async function environmentSections(
  sources: EnvironmentSources,
  own: OwnTracer,
): Promise<EnvironmentSection[]> {
  const qemuPath = sources.qemuPath();
  const [compiling, local, vm] = await Promise.all([
    compileRows(sources.clangPath()),
    localRows(sources.nodePath(), true, own),
    vmRows({ cacheFolder: defaultCacheFolder(), ...(qemuPath === undefined ? {} : { qemuPath }) }),
  ]);
  return [
    { area: 'compiling', rows: compiling },
    { area: 'this kernel', rows: local },
    { area: 'sandbox VM', rows: vm },
  ];
}
