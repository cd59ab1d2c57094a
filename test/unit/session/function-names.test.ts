/**
 * Names of functions in a file whose symbols are real ones of C++ and Rust programs, each before one byte of code:
 * assembled here and asked of the llvm-symbolizer that sessions ask.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Demangler } from '../../../src/session/symbols/demangler';
import { FileSymbolizer } from '../../../src/session/symbols/file-symbolizer';
import { readableName } from '../../../src/session/symbols/rust-names';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-names-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Named = readonly [symbol: string, name: string];

/** What the symbolizer says of each symbol. */
async function namesOf(title: string, symbols: readonly string[]): Promise<Named[]> {
  const source = path.join(folder, `${title}.s`);
  const object = path.join(folder, `${title}.o`);
  const lines = symbols.map(
    symbol => `.type "${symbol}",%function\n"${symbol}":\n.byte 0\n.size "${symbol}",1\n`,
  );
  writeFileSync(source, `.text\n${lines.join('')}`);
  execFileSync('clang', ['-c', source, '-o', object]);
  const symbolizer = await FileSymbolizer.start();
  if (!symbolizer) throw new Error('there is no llvm-symbolizer: sudo apt-get install llvm');
  try {
    return await Promise.all(
      symbols.map(async (symbol, index): Promise<Named> => {
        const functions = await symbolizer.functions(object, BigInt(index));
        return [symbol, functions.join(' < ')];
      }),
    );
  } finally {
    symbolizer.dispose();
  }
}

function fixture(name: string): Named[] {
  return readFileSync(path.join(import.meta.dirname, '../../fixtures/symbols', name), 'utf8')
    .trimEnd()
    .split('\n')
    .filter(line => !line.startsWith('#'))
    .map(line => {
      const [symbol = '', readable = ''] = line.split('\t');
      return [symbol, readable];
    });
}

/** Exported by libstdc++.so.6 (g++ 12). */
const CXX: readonly Named[] = [
  ['_Znwm', 'operator new(unsigned long)'],
  ['_ZdlPv', 'operator delete(void*)'],
  ['_ZSt9terminatev', 'std::terminate()'],
  ['_ZNKSt9exception4whatEv', 'std::exception::what() const'],
  ['_ZNSt6thread4joinEv', 'std::thread::join()'],
  ['_ZNSt8ios_base4InitC1Ev', 'std::ios_base::Init::Init()'],
  ['_ZNSt13random_device9_M_getvalEv', 'std::random_device::_M_getval()'],
  ['_ZN9__gnu_cxx18__exchange_and_addEPVii', '__gnu_cxx::__exchange_and_add(int volatile*, int)'],
];

/** What merely looks like Rust's older mangling, and what it leaves open. */
const LOOKALIKES: readonly Named[] = [
  // A C++ function has its parameters behind its name, even when there are none.
  ['_ZN2ns17h0123456789abcdefEv', 'ns::h0123456789abcdef()'],
  ['_ZN2ns16h0123456789abcdeE', 'ns::h0123456789abcde'],
  ['_ZN2ns18h0123456789abcdef0E', 'ns::h0123456789abcdef0'],
  ['_ZN2ns17h0123456789ABCDEFE', 'ns::h0123456789ABCDEF'],
  ['_ZN2ns17g0123456789abcdefE', 'ns::g0123456789abcdef'],
  ['_ZN17h0123456789abcdefE', 'h0123456789abcdef'],
  ['plain_c$LT$name', 'plain_c$LT$name'],
  // No character, a control character, an unknown word: they stay.
  ['_ZN4shop9$u110000$17h0123456789abcdefE', 'shop::$u110000$'],
  ['_ZN4shop4$u7$17h0123456789abcdefE', 'shop::$u7$'],
  ['_ZN4shop9a$XY$$LT$17h0123456789abcdefE', 'shop::a$XY$<'],
  // The underscore goes only where an escape follows it.
  ['_ZN4shop8_private17h0123456789abcdefE', 'shop::_private'],
];

describe('names of functions', () => {
  it.each([
    ['Rust, older mangling', fixture('rust-legacy.tsv')],
    ['Rust, v0', fixture('rust-v0.tsv')],
    ['C++', CXX],
    ['look-alikes', LOOKALIKES],
  ])('%s', async (title, expected) => {
    expect(expected.length).toBeGreaterThan(5);
    const named = await namesOf(
      title,
      expected.map(([symbol]) => symbol),
    );
    expect(named).toEqual(expected);
  });

  it('drops the ThinLTO module of a function, and keeps what else a compiler appends', async () => {
    const symbol = '_ZN4shop4shop3add17hc721d32ba7e088cbE';
    const names = await namesOf('suffixes', [`${symbol}.llvm.13440414587002705966`, `${symbol}.cold`]);
    expect(names.map(([, name]) => name)).toEqual(['shop::shop::add', 'shop::shop::add (.cold)']);
    expect(readableName('Basket::add(int) (.llvm.13440414587002705966)')).toBe('Basket::add(int)');
  });

  it('reads names without their hash, as the kernel has those of its Rust functions', async () => {
    const expected = [...fixture('rust-v0.tsv'), ...fixture('rust-legacy.tsv')];
    const demangler = new Demangler();
    try {
      const named = await Promise.all(
        expected.map(async ([symbol]): Promise<Named> => [symbol, await demangler.readable(symbol)]),
      );
      expect(named).toEqual(expected);
      // C's names need nobody to be asked, and a name that is not mangled is left as it is.
      expect(demangler.readable('vfs_read')).toBe('vfs_read');
      expect(await demangler.readable('_Rubbish')).toBe('_Rubbish');
    } finally {
      demangler.dispose();
    }
    // Nobody waits for an answer of a process that was ended, or asks it again.
    for (const name of ['_RNvC3foo3bar', '_RNvC3foo3baz']) expect(await demangler.readable(name)).toBe(name);
  });
});
