/** Where headers are that clang did not find. */
import path from 'node:path';
import type { CompileDiagnostic } from '../compile/diagnostics';
import { findFiles, isFile, linkedAs } from './files';

/** The header that stopped clang: 'common/maps.h'; null if it was something else. */
export function missingHeader(diagnostics: readonly CompileDiagnostic[]): string | null {
  for (const { message } of diagnostics) {
    const name = /^'([^']+)' file not found/.exec(message)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

/** Folders of architectures; those of another one than the target's hold the wrong headers. */
const ARCHITECTURES =
  /^(?:x86|x86_64|amd64|arm|arm64|aarch64|riscv|riscv64|s390|s390x|powerpc|ppc64le|loongarch|mips)$/;

export interface Searched {
  readonly source: string;
  readonly root: string;
  readonly kernelArch: string;
}

/** The folders of the project that would satisfy `#include <name>`, nearest to the source first. */
export async function foldersWith(name: string, searched: Searched): Promise<string[]> {
  const plain = path.normalize(name);
  if (path.isAbsolute(plain) || plain.startsWith('..')) return [];
  const files = await findFiles(searched.root, file => file === path.basename(plain));
  const folders = files
    .filter(file => file.endsWith(`/${plain}`))
    .map(file => file.slice(0, -plain.length - 1))
    .filter(folder => {
      const parts = path
        .relative(searched.root, folder)
        .split('/')
        .filter(part => ARCHITECTURES.test(part));
      return parts.every(
        part =>
          part === searched.kernelArch || (searched.kernelArch === 'x86' && /^(?:x86_64|amd64)$/.test(part)),
      );
    })
    .sort((a, b) => steps(searched.source, a) - steps(searched.source, b) || (a < b ? -1 : 1));
  return [...new Set(folders)];
}

/**
 * A folder of the system that has the header by another name, as older programs and the kernel's own samples include it:
 * libbpf's without bpf/, and <uapi/linux/…> for <linux/…>. Null if there is none.
 */
export async function systemFolderWith(
  name: string,
  libbpfFolders: readonly string[],
  systemFolders: readonly string[],
  cacheFolder: string,
): Promise<string | null> {
  const plain = path.normalize(name);
  if (path.isAbsolute(plain) || plain.startsWith('..')) return null;
  for (const folder of libbpfFolders)
    if (await isFile(path.join(folder, 'bpf', plain))) return path.join(folder, 'bpf');
  if (!plain.startsWith('uapi/')) return null;
  for (const folder of systemFolders)
    if (await isFile(path.join(folder, plain.slice('uapi/'.length))))
      return linkedAs('uapi', folder, cacheFolder);
  return null;
}

function steps(source: string, folder: string): number {
  return path.relative(path.dirname(source), folder).split('/').length;
}
