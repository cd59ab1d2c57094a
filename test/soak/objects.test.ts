/** As test/unit/hostile/objects.test.ts, a hundred thousand times, with the templates' objects among the samples. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findClang } from '../../src/compile/clang';
import { compile } from '../../src/compile/compile';

import { installedClangs, kernelBtfFiles, scratchFolder } from '../unit/compile/toolchain';
import { runRounds } from '../unit/hostile/run';
import { makeSamples } from '../unit/hostile/samples';
import { btfSourceOf } from '../unit/templates/compiled';
import { includeFolder, readTemplates } from '../unit/templates/folders';
import { report } from './report';

const SEED = Number(process.env.BPFW_SOAK_SEED ?? 0x0b1ec7);
const ROUNDS = Number(process.env.BPFW_SOAK_OBJECTS ?? 100_000);
const GROWTH_MB = 64;
const SLOWEST_MS = 5000;

const { folder, remove } = scratchFolder();
afterAll(remove);

async function templateObjects(): Promise<Uint8Array[]> {
  const [kernel = ''] = await kernelBtfFiles(folder);
  const btf = btfSourceOf(kernel);
  const clang = await findClang({ setting: installedClangs().at(-1) ?? 'clang' });
  const objects: Uint8Array[] = [];
  for (const { sourcePath } of readTemplates()) {
    const cacheFolder = join(folder, 'cache');
    const result = await compile({ sourcePath, btf, clang, cacheFolder, includeFolders: [includeFolder] });
    if (!result.ok) throw new Error(result.output);
    objects.push(new Uint8Array(readFileSync(result.objectPath)));
  }
  return objects;
}

it(`${ROUNDS} damaged objects, programs, images, tables and logs end no reader with a foreign error`, async () => {
  const objects = await templateObjects();
  const result = await runRounds('objects-child', {
    seed: SEED,
    rounds: ROUNDS,
    heapMb: 512,
    deadlineMs: 20_000,
    prepare: samples => makeSamples(samples, objects),
  });
  report('objects', { seed: SEED, rounds: ROUNDS, ...result });
  expect(result.peakMb - result.warmMb).toBeLessThan(GROWTH_MB);
  expect(result.slowest.ms).toBeLessThan(SLOWEST_MS);
});
