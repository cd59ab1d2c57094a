/** libbpf's headers in the project, which win over the system's. */
import path from 'node:path';
import { isFile, linkedAs, readText } from './files';
import type { Program } from './model';

const FILE_BYTES = 1 << 20;

/**
 * The folder F with F/bpf/bpf_helpers.h that the project brings: one that its flags search, else a checked-out submodule,
 * whose headers lie in src/ and are linked as bpf/ into the cache. Null if there is none.
 */
export async function projectLibbpf(program: Program, searched: readonly string[]): Promise<string | null> {
  for (const folder of searched) if (await isFile(path.join(folder, 'bpf/bpf_helpers.h'))) return folder;
  const modules = (await readText(path.join(program.root, '.gitmodules'), FILE_BYTES)) ?? '';
  const named = [...modules.matchAll(/^\s*path\s*=\s*(.*\blibbpf)\s*$/gm)].map(([, at = '']) =>
    path.join(program.root, at),
  );
  for (const module of [...program.folders.map(folder => path.join(folder, 'libbpf')), ...named]) {
    const headers = path.join(module, 'src');
    // The generated list of helpers is part of libbpf's own repository; a kernel tree lacks it.
    if (!headers.startsWith(`${program.root}/`) || !(await isFile(path.join(headers, 'bpf_helper_defs.h'))))
      continue;
    if (await isFile(path.join(headers, 'bpf_helpers.h')))
      return linkedAs('bpf', headers, program.cacheFolder);
  }
  return null;
}
