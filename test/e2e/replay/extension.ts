/** The extension as it is installed, with the replaying tracer in the place of the privileged one. */
import { cp, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../../../scripts/lib/paths.mjs';
import { HOLD_FILE } from './recording';

/** Makes the extension's folder: everything of the checkout but dist/tracer.js. `npm run build` comes first. */
export async function replayingExtension(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'bpf-templates', 'docs', 'media', 'snippets', 'syntaxes'])
    await symlink(path.join(root, name), path.join(folder, name));
  // Copies: VS Code tells extensions apart by where their code really lies, and would take this for none it knows.
  for (const name of await readdir(path.join(root, 'dist')))
    if (!name.startsWith('tracer.js') && name !== 'types')
      await cp(path.join(root, 'dist', name), path.join(folder, 'dist', name), { recursive: true });
  await build({
    entryPoints: [path.join(root, 'test/e2e/replay/tracer.ts')],
    outfile: path.join(folder, 'dist/tracer.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    define: { 'process.env.BPFW_RECORDINGS': JSON.stringify(path.join(root, 'test/e2e/recordings')) },
  });
}

/** Lets recordings play so many phases only, by their name; those not named play to their end. */
export async function holdReplay(folder: string, phases: Readonly<Record<string, number>>): Promise<void> {
  const file = path.join(folder, 'dist', HOLD_FILE);
  await writeFile(`${file}.new`, JSON.stringify(phases));
  await rename(`${file}.new`, file);
}
