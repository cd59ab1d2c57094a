/** A traced process decides which files it maps, and what is in them: naming its frames must neither hang nor eat memory. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FileSymbolizer } from '../../../src/session/symbols/file-symbolizer';
import { ProcessMaps } from '../../../src/session/symbols/process-maps';
import { Symbolizer } from '../../../src/session/symbols/symbolizer';
import { fileFunctions } from '../../../src/session/targets/user-functions';
import { hostileFiles } from '../system/hostile-files';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-mappings-'));
const hostile = hostileFiles();
afterAll(() => {
  hostile.remove();
  rmSync(folder, { recursive: true, force: true });
});

const connection = {
  request: () => Promise.reject(new Error('the tracer is not asked')),
  takeBlob: () => {
    throw new Error('no blob');
  },
};

/** A shared library with the function `named_here` and the offset of that function in the file. */
function library(name: string): { file: string; offset: bigint } {
  const file = path.join(folder, name);
  writeFileSync(path.join(folder, 'library.c'), 'int named_here(int a) { return a * 3; }\n');
  execFileSync('clang', ['-shared', '-fPIC', '-o', file, path.join(folder, 'library.c')]);
  const symbol = /^([0-9a-f]+) T named_here$/m.exec(execFileSync('nm', [file], { encoding: 'utf8' }));
  // Text of a small library lies at the same offset as its address.
  return { file, offset: BigInt(`0x${symbol?.[1]}`) };
}

const residentBytes = () => process.memoryUsage().rss;

it('names a frame of an ordinary file after frames of every hostile one, with memory and threads to spare', async () => {
  const ordinary = library('ordinary.so');
  const paths = [...hostile.all.map(([file]) => file), ordinary.file];
  const maps = paths.map((file, index) => {
    const start = (index + 1) * 0x1000000;
    return `${start.toString(16)}-${(start + 0x100000).toString(16)} r-xp 00000000 08:01 1 ${file}\n`;
  });
  const symbolizer = new Symbolizer({ processMaps: () => Promise.resolve(maps.join('')) }, connection);
  try {
    const before = residentBytes();
    const addresses = paths.map((file, index) => ({
      kind: 'address' as const,
      // Outer frames hold return addresses; one byte into the function is the function's all the same.
      address: BigInt((index + 1) * 0x1000000) + (file === ordinary.file ? ordinary.offset + 2n : 0x10n),
    }));
    const naming = symbolizer.frames('user', 1, addresses);
    // While they are being named, Node's threads serve others.
    expect(await readFile('/proc/self/comm', 'utf8')).toBe(readFileSync('/proc/self/comm', 'utf8'));
    const frames = await naming;
    expect(frames.slice(0, -1).every(frame => frame.startsWith('[unknown] '))).toBe(true);
    expect(frames).toHaveLength(paths.length);
    expect(frames.at(-1)).toBe('named_here');
    const buildIds = addresses.map((_address, index) => ({
      kind: 'build-id' as const,
      buildId: `0${index}`,
      offset: 0n,
    }));
    expect(await symbolizer.frames('user', 1, buildIds)).toHaveLength(paths.length);
    expect(residentBytes() - before).toBeLessThan(256 << 20);
  } finally {
    symbolizer.dispose();
  }
}, 20_000);

/** Names the file in which debug information is to be found (.gnu_debuglink), as a process may do on purpose. */
function linkedTo(name: string, make: (debugFile: string) => void): { file: string; offset: bigint } {
  const made = library(`${name}.so`);
  const debugFile = path.join(folder, `${name}.debug`);
  writeFileSync(debugFile, 'for its checksum');
  execFileSync('objcopy', [`--add-gnu-debuglink=${debugFile}`, made.file]);
  rmSync(debugFile);
  make(debugFile);
  return made;
}

const DEADLINE_MS = 2_000;

it('gives up on a file for which llvm-symbolizer never answers, and names others all the same', async () => {
  const symbolizer = await FileSymbolizer.start({ deadlineMs: DEADLINE_MS });
  if (!symbolizer) throw new Error('there is no llvm-symbolizer: sudo apt-get install llvm');
  try {
    const ordinary = library('other.so');
    const waits = linkedTo('waits', file => execFileSync('mkfifo', [file]));
    const endless = linkedTo('endless', file => execFileSync('ln', ['-s', '/dev/zero', file]));
    const asked = await Promise.all([
      symbolizer.functions(waits.file, waits.offset),
      symbolizer.functions(ordinary.file, ordinary.offset),
      symbolizer.functions(endless.file, endless.offset),
      symbolizer.functions(ordinary.file, ordinary.offset + 1n),
    ]);
    expect(asked[0]).toEqual([]);
    expect(asked[1]).toEqual(['named_here']);
    expect(asked[3]).toEqual(['named_here']);
    // Not asked about again: that would take another deadline.
    const started = performance.now();
    expect(await symbolizer.functions(waits.file, waits.offset + 1n)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS);
  } finally {
    symbolizer.dispose();
  }
}, 60_000);

it.each(hostile.all)('reports that it cannot read %s, which an object names for a uprobe', async file => {
  await expect(fileFunctions(file)).rejects.toMatchObject({ code: 'attach-point-missing' });
});

it('forgets the oldest mappings of a process that maps new places for ever', () => {
  const maps = new ProcessMaps();
  const count = 5_000;
  for (let index = 0; index < count; index++) {
    const start = BigInt(index) * 0x1000n;
    maps.add([{ start, end: start + 0x1000n, offset: 0n, path: `/library-${index}` }]);
  }
  expect(maps.files().size).toBe(2048);
  expect(maps.find(BigInt(count - 1) * 0x1000n)?.path).toBe(`/library-${count - 1}`);
  expect(maps.find(0n)).toBeNull();
}, 30_000);
