/**
 * Builds dist/. One bundle per process that runs on its own:
 *   extension.js (VS Code's extension host), tracer.js (privileged), guest-agent.js (inside the sandbox VM),
 *   cli.js (bpfw), server.js (language server), webview/<panel>.js and .css (pages).
 *
 * koffi's native part is resolved by a computed path that a bundler cannot follow, so the tracer's bundle gets a shim
 * per architecture and the .node files are copied beside it (koffi checks that both come from one install).
 *
 *   node esbuild.mjs [--production] [--watch] [--only=NAME,NAME] [--outdir=FOLDER] [--no-native] [--inputs=FILE]
 *
 * --production: minified, without source maps; --only: these bundles alone; --outdir: instead of dist/; --no-native:
 * without koffi's native parts, for a package that brings its own; --inputs: writes what was bundled, a JSON list of paths.
 */

import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import esbuild from 'esbuild';

const root = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
const option = name =>
  process.argv.find(argument => argument.startsWith(`--${name}=`))?.slice(`--${name}=`.length);
const only = option('only')?.split(',');
const outFolder = path.resolve(root, option('outdir') ?? 'dist');
const outFile = name => path.join(outFolder, name);
const isWanted = outfile => only?.includes(path.basename(outfile, '.js')) ?? true;

const koffiTargets = ['linux-x64', 'linux-arm64'];

/** Points koffi's import of its native part at dist/native/<platform>/koffi.node. */
const koffiNative = {
  name: 'koffi-native',
  setup(build) {
    build.onResolve({ filter: /^koffi$/ }, () => ({ path: path.join(root, 'node_modules/koffi/index.cjs') }));
    build.onResolve({ filter: /^@koromix\/koffi-/ }, args => ({
      path: args.path,
      namespace: 'koffi-native',
    }));
    build.onLoad({ filter: /.*/, namespace: 'koffi-native' }, args => {
      const target = args.path.replace('@koromix/koffi-', '');
      return {
        contents: koffiTargets.includes(target)
          ? `module.exports = require(require('node:path').join(__dirname, 'native', '${target}', 'koffi.node'));`
          : `throw new Error('koffi has no native part for ${target} in this build');`,
        loader: 'js',
      };
    });
  },
};

/**
 * What the extension loads later, with import(): bundles of their own, because parsing them is most of what its start
 * would cost. By what they are imported as.
 */
const loadedLater = [
  { imports: /^vscode-languageclient\/node$/, in: 'vscode-languageclient/node', out: 'language-client.js' },
  { imports: /\/shared\/export\/writers$/, in: 'src/shared/export/writers.ts', out: 'export.js' },
  { imports: /^yaml$/, in: 'yaml', out: 'yaml.js' },
];

const loadLater = {
  name: 'load-later',
  setup(build) {
    for (const { imports, out } of loadedLater) {
      build.onResolve({ filter: imports }, args =>
        args.kind === 'dynamic-import' ? { path: `./${out}`, external: true } : undefined,
      );
    }
  },
};

const node = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: !production,
  minify: production,
  keepNames: true,
  logLevel: 'warning',
  absWorkingDir: root,
};

async function panels() {
  const folders = await readdir(path.join(root, 'webview'), { withFileTypes: true });
  return folders
    .filter(folder => folder.isDirectory() && existsSync(path.join(root, 'webview', folder.name, 'main.ts')))
    .map(folder => ({ in: `webview/${folder.name}/main.ts`, out: folder.name }));
}

async function copyNativeParts() {
  for (const target of koffiTargets) {
    const from = path.join(root, 'node_modules/@koromix', `koffi-${target}`);
    if (!existsSync(from)) continue;
    const found = (await readdir(from, { recursive: true })).find(
      file => file.endsWith('koffi.node') && !file.includes('musl'),
    );
    if (!found) throw new Error(`no koffi.node in ${from}`);
    await mkdir(outFile(`native/${target}`), { recursive: true });
    await cp(path.join(from, found), outFile(`native/${target}/koffi.node`));
  }
}

/** What the language server parses with: the runtime and the grammar of C, read from beside server.js. */
async function copyParser() {
  await mkdir(outFolder, { recursive: true });
  for (const file of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-c/tree-sitter-c.wasm']) {
    await cp(path.join(root, 'node_modules', file), outFile(path.basename(file)));
  }
}

const all = [
  {
    in: 'src/host/extension.ts',
    options: {
      ...node,
      outfile: outFile('extension.js'),
      external: ['vscode'],
      plugins: [loadLater],
      // import() becomes require(), whose modules get VS Code's API.
      supported: { 'dynamic-import': false },
    },
  },
  ...loadedLater.map(({ in: entry, out }) => ({
    in: entry,
    options: { ...node, outfile: outFile(out), external: ['vscode'] },
  })),
  {
    in: 'src/tracer/main.ts',
    options: { ...node, minify: true, outfile: outFile('tracer.js'), plugins: [koffiNative] },
  },
  { in: 'src/guest/main.ts', options: { ...node, outfile: outFile('guest-agent.js') } },
  { in: 'src/session/targets/ifunc-probe.ts', options: { ...node, outfile: outFile('ifunc-probe.js') } },
  {
    in: 'src/cli/main.ts',
    options: { ...node, outfile: outFile('cli.js'), banner: { js: '#!/usr/bin/env node' } },
  },
  {
    in: 'src/server/main.ts',
    // The package's ES module looks for itself by import.meta, which a CommonJS bundle has not.
    options: {
      ...node,
      outfile: outFile('server.js'),
      alias: { 'web-tree-sitter': path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.cjs') },
    },
  },
];
const isLater = entry => loadedLater.some(later => later.in === entry);
const builds = all
  .filter(({ in: entry }) => !entry.startsWith('src/') || existsSync(path.join(root, entry)))
  .filter(
    ({ in: entry, options }) => isWanted(options.outfile) || (isLater(entry) && isWanted('extension.js')),
  )
  .map(build => ({ ...build.options, entryPoints: [build.in] }));

const pages = only ? [] : await panels();
if (pages.length > 0) {
  builds.push({
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    sourcemap: !production,
    minify: production,
    logLevel: 'warning',
    absWorkingDir: root,
    entryPoints: pages,
    outdir: outFile('webview'),
    loader: { '.ttf': 'file' },
  });
}

if (!process.argv.includes('--no-native')) await copyNativeParts();
await copyParser();
if (watch) {
  for (const options of builds) await (await esbuild.context(options)).watch();
} else {
  const inputs = new Set();
  for (const options of builds) {
    const { metafile } = await esbuild.build({ ...options, metafile: true });
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  }
  if (option('inputs')) await writeFile(option('inputs'), JSON.stringify([...inputs].sort()));
}
