/** clang with the vmlinux.h a template gets, against clang with the full one: the compiler's own CPU time. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findClang } from '../../src/compile/clang';
import { compile } from '../../src/compile/compile';
import { type BtfSource, btfSource } from '../../src/compile/vmlinux-cache';
import { parseBtf } from '../../src/shared/btf/btf';
import { readCatalogue } from '../../src/templates/catalogue';
import { kernelBtf } from './kernel-btf';
import { type Row, row } from './measure';
import { root } from './paths';

const LIMIT = 0.25;

export async function benchCompile(runs: number, add: (row: Row) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-bench-'));
  try {
    const { bytes } = await kernelBtf();
    const parsed = parseBtf(bytes);
    const btf: BtfSource = btfSource(bytes, () => parsed);
    const clang = await findClang();
    const templates = path.join(root, 'bpf-templates');
    const all = { reduced: [] as number[], full: [] as number[] };
    const sizes = { reduced: [] as number[], full: [] as number[] };
    for (const template of await readCatalogue(templates)) {
      const line = async (header: 'reduced' | 'full') => {
        const result = await compile({
          sourcePath: template.sourcePath,
          btf,
          clang,
          cacheFolder: path.join(folder, 'cache'),
          includeFolders: [path.join(templates, 'include')],
          outputPath: path.join(folder, `${header}.o`),
          header,
        });
        if (!result.ok) throw new Error(`${template.manifest.name} does not compile:\n${result.output}`);
        // What is not reduced is measured as it is.
        return { argv: result.commandLine, bytes: statSync(result.objectPath).size };
      };
      const lines = { reduced: await line('reduced'), full: await line('full') };
      const times = { reduced: [] as number[], full: [] as number[] };
      for (let run = 0; run < runs; run++) {
        for (const header of ['reduced', 'full'] as const) {
          const outputs = [...lines[header].argv.slice(0, -1), path.join(folder, 'timed.o')];
          times[header].push(cpuMs(outputs, path.dirname(template.sourcePath)));
        }
      }
      all.reduced.push(...times.reduced);
      all.full.push(...times.full);
      sizes.reduced.push(lines.reduced.bytes / 1024);
      sizes.full.push(lines.full.bytes / 1024);
      add(
        row('compile', {
          name: template.manifest.name,
          unit: 'ms CPU',
          ours: times.reduced,
          peer: { name: 'full vmlinux.h', values: times.full },
          limit: LIMIT,
        }),
      );
    }
    add(
      row('compile', {
        name: 'median of all templates',
        unit: 'ms CPU',
        ours: all.reduced,
        peer: { name: 'full vmlinux.h', values: all.full },
        limit: LIMIT,
      }),
    );
    add(
      row('compile', {
        name: 'object size, median template',
        unit: 'KiB',
        ours: sizes.reduced,
        peer: { name: 'full vmlinux.h', values: sizes.full },
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** User and system time of a command, as bash's `time` tells it of its children. */
function cpuMs(argv: readonly string[], cwd: string): number {
  const said = execFileSync(
    'bash',
    ['-c', 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>&1; } 2>&1', 'bash', ...argv],
    { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  const [user, system] = said.trim().split(' ').map(Number);
  if (user === undefined || system === undefined || Number.isNaN(user + system))
    throw new Error(`bash's time said: ${said}`);
  return (user + system) * 1000;
}
