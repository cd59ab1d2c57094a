/** A template's object, for the sandbox VM's kernel. */
import path from 'node:path';
import { findClang } from '../../src/compile/clang';
import { compile } from '../../src/compile/compile';
import { btfSource } from '../../src/compile/vmlinux-cache';
import { kernelBtf } from './kernel-btf';
import { root, workFolder } from './paths';

/** Writes NAME.bpf.o to the folder; returns its path. Throws with clang's output. */
export async function compileTemplate(name: string, folder: string): Promise<string> {
  const { bytes } = await kernelBtf();
  const outputPath = path.join(folder, `${name}.bpf.o`);
  const result = await compile({
    sourcePath: path.join(root, 'bpf-templates', name, `${name}.bpf.c`),
    btf: btfSource(bytes),
    clang: await findClang(),
    cacheFolder: path.join(workFolder, 'cache'),
    includeFolders: [path.join(root, 'bpf-templates/include')],
    outputPath,
  });
  if (!result.ok) throw new Error(result.output);
  return outputPath;
}
