import { dirname, join } from 'node:path';
import { kernelHeaderProblem, readKernelHeader } from '../shared/c/kernel-header';
import { readUntrustedFile } from '../system/untrusted-file';
import type { CompileDiagnostic } from './diagnostics';

/** A full vmlinux.h has about 3 MB. */
const MAX_BYTES = 16 << 20;

/**
 * What is wrong with the vmlinux.h that lies in the program's project, as an error on its #include; null where it may be
 * right or cannot be read. `architecture`: process.arch of the target.
 */
export async function projectHeaderProblem(
  sourcePath: string,
  includeFolders: readonly string[],
  architecture: string,
): Promise<CompileDiagnostic | null> {
  const source = await read(sourcePath);
  const lines = (source ?? '').split('\n');
  const at = lines.findIndex(line => /^\s*#\s*include\s*["<]vmlinux\.h[">]/.test(line));
  if (at < 0) return null;
  // <…> does not look beside the source.
  const beside = lines[at]?.includes('"') ? [dirname(sourcePath)] : [];
  for (const folder of [...beside, ...includeFolders]) {
    const text = await read(join(folder, 'vmlinux.h'));
    if (text === null) continue;
    const message = kernelHeaderProblem(readKernelHeader(text), architecture);
    return message === null
      ? null
      : {
          file: sourcePath,
          line: at + 1,
          column: 1,
          severity: 'error',
          message: `${message} #include <vmlinux.h> takes the target kernel’s own.`,
          flag: '',
          notes: [],
          fixits: [],
        };
  }
  return null;
}

async function read(file: string): Promise<string | null> {
  return readUntrustedFile(file, MAX_BYTES).then(
    bytes => bytes.toString(),
    () => null,
  );
}
