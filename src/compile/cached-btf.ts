import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The newest BTF file that the sandbox VM stored in the cache folder when it booted; null if it never booted. */
export async function newestCachedBtf(cacheFolder: string): Promise<string | null> {
  const folder = join(cacheFolder, 'btf');
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter(name => name.endsWith('.btf'))
      .map(async name => ({ file: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
  );
  return files.sort((a, b) => b.at - a.at)[0]?.file ?? null;
}
