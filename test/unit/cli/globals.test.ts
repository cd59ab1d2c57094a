/** Global variables as `bpfw run` prints them: each by its name, in text and in JSON. */

import { beforeAll, describe, expect, it } from 'vitest';
import { jsonOutput } from '../../../src/cli/print/run-json';
import { textOutput } from '../../../src/cli/print/run-text';
import { decodeGlobals } from '../../../src/shared/decode/globals';
import { readObject } from '../../../src/shared/object/object';
import { listedGlobals } from '../../../src/shared/object/panels';
import { clangs, compileFixture } from '../object/compile-fixture';
import { captureStdout } from './written';

const written = captureStdout();

describe.each(clangs)('globals of an object by %s', clang => {
  let values: ReturnType<typeof decodeGlobals>;
  beforeAll(() => {
    const globals = listedGlobals(readObject(compileFixture(clang, 'globals'), 'globals.bpf.o'));
    const bss = new DataView(new ArrayBuffer(256));
    const at = (name: string) => globals.find(global => global.name === name)?.offset ?? Number.NaN;
    bss.setBigUint64(at('calls'), 2n, true);
    bss.setBigUint64(at('asked_bytes'), 8192n, true);
    bss.setBigInt64(at('balance'), -6n, true);
    bss.setUint8(at('seen'), 1);
    bss.setUint32(at('by_way') + 4, 7, true);
    bss.setBigUint64(at('totals'), 3n, true);
    values = decodeGlobals({ globals }, '.bss', new Uint8Array(bss.buffer));
  });
  it('are lines of text, without those that are zero', () => {
    textOutput([]).globals(values);
    expect(written.text().trim().split('\n').sort()).toEqual([
      'asked_bytes: 8 KiB',
      'balance: -6',
      'by_way: [0, 7, 0]',
      'calls: 2',
      'seen: true',
      'totals.reads: 3',
    ]);
  });

  it('are one object of JSON, all of them', () => {
    jsonOutput().globals(values);
    expect(JSON.parse(written.text())).toEqual({
      type: 'globals',
      values: {
        asked_bytes: 8192,
        balance: -6,
        by_way: [0, 7, 0],
        calls: 2,
        never: 0,
        seen: true,
        totals: { reads: 3, errors: 0 },
      },
    });
  });
});
