/** The file behind a name a user typed for a library or program. */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from '../../system/child-process';
import { SessionError } from '../errors';

/**
 * Absolute paths as they are, libraries by soname through ldconfig's cache (ldconfig(8)), programs through PATH; links
 * resolved. The sandbox VM sees the same files. Throws SessionError 'attach-point-missing'.
 */
export async function userFile(name: string, _pid: number | null): Promise<string> {
  const found = name.includes('/') ? path.resolve(name) : ((await libraryPath(name)) ?? programPath(name));
  if (!found || !existsSync(found)) {
    throw new SessionError(
      'attach-point-missing',
      `There is no file, library or program '${name}' on this machine.`,
      'Give its whole path.',
    );
  }
  return realpath(found);
}

async function libraryPath(name: string): Promise<string | null> {
  for (const ldconfig of ['/sbin/ldconfig', '/usr/sbin/ldconfig']) {
    try {
      const limits = { deadlineMs: 10_000, outputBytes: 8 << 20 };
      const { stdout } = await runChild('tool', ldconfig, ['-p'], limits);
      // "	libc.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libc.so.6"; "c" stands for libc as in -lc.
      const wanted = new Set([name, `lib${name}.so`]);
      const lines = stdout
        .toString()
        .split('\n')
        .flatMap(line => /^\s+(\S+) \(([^)]*)\) => (\/.+)$/.exec(line) ?? []);
      for (let at = 0; at + 3 < lines.length; at += 4) {
        const soname = lines[at + 1] ?? '';
        const is64Bit = /x86-64|AArch64/.test(lines[at + 2] ?? '');
        if (is64Bit && (wanted.has(soname) || wanted.has(soname.replace(/\.so\..*$/, '.so'))))
          return lines[at + 3] ?? null;
      }
      return null;
    } catch {
      // Not here; the other place, or a system without ldconfig.
    }
  }
  return null;
}

function programPath(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return (
    folders.map(folder => path.join(folder, name)).find(file => path.isAbsolute(file) && existsSync(file)) ??
    null
  );
}
