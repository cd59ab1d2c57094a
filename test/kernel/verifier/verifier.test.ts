/**
 * Every program of programs/ has one mistake and is named after the code it must get. All are verified on the guest's
 * kernel, and what is said of them is compared with expected/. BPFW_UPDATE_GOLDEN=1 writes expected/ and the logs that
 * test/golden/verifier explains without a kernel.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Verification, verifyPrograms } from '../../../src/session/verify-programs';
import { root } from '../bench/paths';
import { compileProgram, traceBench } from '../bench/trace';

const folder = 'test/kernel/verifier/programs';
const expectedFolder = path.join(root, 'test/kernel/verifier/expected');
const logs = path.join(root, 'test/fixtures/verifier/6.1');
const update = process.env.BPFW_UPDATE_GOLDEN === '1';
const names = readdirSync(path.join(root, folder))
  .map(file => file.replace('.bpf.c', ''))
  .sort();
/** As a small log buffer of a kernel before 6.4 would hold it. */
const LONGEST_LOG = 16 << 10;

async function verify(name: string): Promise<Verification> {
  const { target, helpers } = await traceBench();
  const { object, bytes } = await compileProgram(`${folder}/${name}.bpf.c`);
  return verifyPrograms({
    target,
    helpers,
    object,
    objectBytes: bytes,
    file: `${name}.bpf.c`,
    ui: { hasTerminal: false, consent: async () => true, password: async () => null },
    progress: () => undefined,
  });
}

/** Paths of this machine and counts that depend on the kernel's mood are left out. */
function stable({ rejected, leftOut }: Verification) {
  const base = <T extends { readonly file: string }>(place: T) => ({
    ...place,
    file: path.basename(place.file),
  });
  return {
    rejected: rejected.map(({ name, diagnostics }) => ({
      program: name,
      diagnostics: diagnostics.map(each => ({ ...base(each), related: each.related.map(base) })),
    })),
    leftOut,
  };
}

describe('the verifier of a real kernel, explained', () => {
  it.each(names)('%s', async name => {
    const verification = await verify(name);
    const found = stable(verification);
    const file = path.join(expectedFolder, `${name}.json`);
    if (update) {
      mkdirSync(expectedFolder, { recursive: true });
      mkdirSync(logs, { recursive: true });
      writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
      for (const { log } of verification.rejected)
        writeFileSync(path.join(logs, `${name}.log`), log.slice(0, LONGEST_LOG));
    }
    expect(found).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  it('accepts every program of an object, those loaded only when chosen included', async () => {
    const { verified } = await verify('accepted');
    expect(verified.map(each => each.name)).toEqual(['always', 'when_chosen']);
    for (const each of verified) {
      expect(each.instructions).toBeGreaterThan(2);
      expect(each.size).toBeGreaterThan(2);
    }
    // Two ways through it: the verifier looked at more than one state.
    expect(verified[1]?.states).toBeGreaterThan(0);
  });
});
