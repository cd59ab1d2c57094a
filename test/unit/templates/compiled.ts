import { readFileSync } from 'node:fs';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { type BtfSource, btfSource } from '../../../src/compile/vmlinux-cache';
import { parseBtf } from '../../../src/shared/btf/btf';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { includeFolder, type TemplateFolder } from './folders';

/** As the templates are checked by hand: nothing a careful reader would be warned about. */
const STRICT = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];

/** Compiles a template when it is asked for, once; throws with clang's words. `clang`: a name or path. */
export function compileTemplate(
  template: TemplateFolder,
  options: { readonly clang: string; readonly btf: BtfSource; readonly cacheFolder: string },
): () => Promise<{ output: string; object: BpfObject }> {
  let result: Promise<{ output: string; object: BpfObject }> | null = null;
  return () => {
    result ??= (async () => {
      const compiled = await compile({
        sourcePath: template.sourcePath,
        btf: options.btf,
        clang: await findClang({ setting: options.clang }),
        cacheFolder: options.cacheFolder,
        includeFolders: [includeFolder],
        extraFlags: STRICT,
      });
      if (!compiled.ok) throw new Error(compiled.output);
      const bytes = new Uint8Array(readFileSync(compiled.objectPath));
      return { output: compiled.output, object: readObject(bytes, `${template.name}.bpf.o`) };
    })();
    return result;
  };
}

export function btfSourceOf(path: string): BtfSource {
  const bytes = new Uint8Array(readFileSync(path));
  const btf = parseBtf(bytes);
  return btfSource(bytes, () => btf);
}
