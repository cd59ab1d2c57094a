/**
 * Every program of programs/ has one mistake and is named after the code it must get. All are verified on the guest's
 * kernel, and what is said of them is compared with expected/ of its series: 6.1 and 6.12 are Debian 12's and 13's, each
 * with its own clang. On other kernels the code and the line have to be 6.1's, in whatever words. BPFW_UPDATE_GOLDEN=1
 * writes expected/ of the guest's series and the logs that test/golden/verifier explains without a kernel.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Verification, verifyPrograms } from '../../../src/session/tracing/verify-programs';
import { sharedGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram, traceBench } from '../bench/trace';

const folder = 'test/kernel/verifier/programs';
const expectedFolder = path.join(root, 'test/kernel/verifier/expected');
const OLDEST = '6.1';
const update = process.env.BPFW_UPDATE_GOLDEN === '1';
const names = readdirSync(path.join(root, folder))
  .map(file => file.replace('.bpf.c', ''))
  .sort();
/** As a small log buffer of a kernel before 6.4 would hold it. */
const LONGEST_LOG = 16 << 10;

async function verify(name: string): Promise<Verification> {
  const { target, tracers } = await traceBench();
  const { object, bytes } = await compileProgram(`${folder}/${name}.bpf.c`);
  return verifyPrograms({
    target,
    tracers,
    object,
    objectBytes: bytes,
    file: `${name}.bpf.c`,
    ui: { hasTerminal: false, consent: async () => true, password: async () => null },
    progress: () => undefined,
  });
}

/** "6.1" of 6.1.0-56-amd64. */
async function kernelSeries(): Promise<string> {
  const release = await (await sharedGuest()).sh('uname -r');
  return release.split('.').slice(0, 2).join('.');
}

function readExpected(series: string, name: string): ReturnType<typeof stable> {
  return JSON.parse(readFileSync(path.join(expectedFolder, series, `${name}.json`), 'utf8'));
}

/** Kernel addresses differ from boot to boot: they alone make no new log. */
function keepLog(series: string, name: string, log: string): void {
  const logs = path.join(root, 'test/fixtures/verifier', series);
  mkdirSync(logs, { recursive: true });
  const file = path.join(logs, `${name}.log`);
  const withoutAddresses = (text: string) => text.replace(/0xffff[0-9a-f]{12}/g, '0xffff');
  if (existsSync(file) && withoutAddresses(readFileSync(file, 'utf8')) === withoutAddresses(log)) return;
  writeFileSync(file, log);
}

/** What other kernels of the same series say in the place of what is expected; all else about it has to be the same. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  // Debian's 6.1.176 (6.1.0-50) hides the helper from programs that may not sleep.
  ['unknown func bpf_copy_from_user#148', 'helper call might sleep in a non-sleepable prog'],
]);

/** Paths of this machine and counts that depend on the kernel's mood are left out. */
function stable({ rejected, leftOut }: Verification) {
  const base = <T extends { readonly file: string }>(place: T) => ({
    ...place,
    file: path.basename(place.file),
  });
  return {
    rejected: rejected.map(({ name, diagnostics }) => ({
      program: name,
      diagnostics: diagnostics.map(each => ({
        ...base(each),
        sentence: OTHER_WORDS.get(each.sentence) ?? each.sentence,
        related: each.related.map(base),
      })),
    })),
    leftOut,
  };
}

/**
 * Since 6.4 ("bpf: Switch BPF verifier log to be a rotating log by default") the verifier writes every instruction it walks into a log that turns round,
 * instead of stopping when the log is full: a million instructions take an emulated processor over ten minutes.
 */
function walksTooLong(name: string, series: string): boolean {
  const [major = 0, minor = 0] = series.split('.').map(Number);
  return name === 'too-many-instructions' && (major > 6 || (major === 6 && minor >= 4));
}

describe('the verifier of a real kernel, explained', () => {
  it.for(names)('%s', async (name, { skip }) => {
    const series = await kernelSeries();
    skip(walksTooLong(name, series), `${series} logs all of its million instructions`);
    const verification = await verify(name);
    const found = stable(verification);
    if (update) {
      mkdirSync(path.join(expectedFolder, series), { recursive: true });
      writeFileSync(path.join(expectedFolder, series, `${name}.json`), `${JSON.stringify(found, null, 2)}\n`);
      for (const { log } of verification.rejected) keepLog(series, name, log.slice(0, LONGEST_LOG));
    }
    if (existsSync(path.join(expectedFolder, series, `${name}.json`))) {
      expect(found).toEqual(readExpected(series, name));
      return;
    }
    // A newer verifier may find a program safe that an older one did not.
    for (const { diagnostics } of found.rejected) {
      const [older] = readExpected(OLDEST, name).rejected[0]?.diagnostics ?? [];
      expect(diagnostics[0]).toMatchObject({ code: older?.code, line: older?.line });
    }
  });

  it('gets every program the code it is named after', () => {
    const others = new Map([
      ['subprogram-unchecked', 'unchecked-map-value'],
      ['signed-length', 'negative-size'],
      ['error-as-index', 'negative-size'],
      ['packet-test-too-far', 'unchecked-packet-access'],
      ['packet-test-too-short', 'unchecked-packet-access'],
      ['fexit-of-a-wrapper', 'invalid-context-access'],
      ['argument-too-many', 'invalid-context-access'],
    ]);
    for (const name of names.filter(each => each !== 'accepted')) {
      const { rejected } = readExpected(OLDEST, name);
      expect(rejected[0]?.diagnostics[0]?.code, name).toBe(others.get(name) ?? name);
    }
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

  it.each([
    ['accepted', 0, { type: 'verified', programs: [{ name: 'always' }, { name: 'when_chosen' }] }],
    [
      'unchecked-map-value',
      1,
      {
        type: 'rejected',
        program: 'count_calls',
        diagnostics: [
          { line: 20, column: 9, severity: 'error', code: 'unchecked-map-value', related: [{ line: 19 }] },
        ],
      },
    ],
  ])('is what bpfw verify prints of %s, and exits with %i', async (name, code, line) => {
    execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root });
    const { bytes } = await compileProgram(`${folder}/${name}.bpf.c`);
    const file = path.join(workFolder, `${name}.bpf.o`);
    mkdirSync(workFolder, { recursive: true });
    writeFileSync(file, bytes);
    const guest = await sharedGuest();
    const result = await guest.run(
      [process.execPath, path.join(root, 'dist/cli.js'), 'verify', file, '--target', 'local', '--json'],
      { timeoutMs: 90_000 },
    );
    expect(
      result.stdout
        .trim()
        .split('\n')
        .map(each => JSON.parse(each)),
    ).toMatchObject([line]);
    expect(result.code, result.stderr).toBe(code);
  });
});
