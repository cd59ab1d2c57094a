/** Which target a program is compiled for and goes to, when its object has a say. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/session/targets/target';
import { prepareSession } from '../../../src/session/tracing/prepare-session';
import type { BpfObject } from '../../../src/shared/object/model';
import { clangs, compileFixture } from '../object/compile-fixture';

const [clang = 'clang'] = clangs;
const folder = mkdtempSync('/tmp/prepare-session-');
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, fixture: string) => {
  const objectPath = path.join(folder, name);
  writeFileSync(objectPath, compileFixture(clang, fixture));
  return objectPath;
};
/** What the two kernels' headers make of one source: different objects. */
const objects = { local: file('local.o', 'kernel-functions'), vm: file('vm.o', 'plain') };
const targets = { local: { id: 'local' } as Target, vm: { id: 'vm' } as Target };

function preparing(source: string, decide: (object: BpfObject | null) => 'local' | 'vm') {
  const compiledFor: string[] = [];
  const prepared = prepareSession({
    file: source,
    choose: async object => ({
      target: targets[decide(object)],
      why: object ? 'of its object' : 'of anything',
    }),
    compile: async ({ id }) => {
      compiledFor.push(id);
      return { objectPath: objects[id], durationMs: 7 };
    },
  });
  return { compiledFor, prepared };
}

describe('an object with maps of before libbpf 1.0', () => {
  const LEGACY = `#define SEC(name) __attribute__((section(name), used))
struct bpf_map_def { unsigned int type, key_size, value_size, max_entries; };

struct bpf_map_def SEC("maps") opens = { .type = 1, .key_size = 4, .value_size = 8, .max_entries = 64 };
SEC("maps") struct bpf_map_def closes = { .type = 1, .key_size = 4, .value_size = 8, .max_entries = 64 };
SEC("kprobe/x") int f(void *ctx) { return 0; }
`;
  const source = path.join(folder, 'legacy.bpf.c');
  const object = path.join(folder, 'legacy.o');

  it('is refused with their names, and with the line where the source is known', async () => {
    writeFileSync(source, LEGACY);
    execFileSync(clang, ['--target=bpf', '-g', '-O2', '-c', source, '-o', object]);
    const choose = async () => ({ target: targets.local, why: '' });
    const compile = async () => ({ objectPath: object, durationMs: 0 });
    await expect(prepareSession({ file: source, choose, compile })).rejects.toThrow(
      `${source}:4: opens, closes: legacy map definitions (struct bpf_map_def in SEC("maps"))`,
    );
    await expect(prepareSession({ file: object, choose, compile })).rejects.toThrow(
      /^opens, closes: legacy map definitions/,
    );
  });
});

describe('preparing a session', () => {
  it('compiles once where the object does not change the target', async () => {
    const { compiledFor, prepared } = preparing('/w/trace.bpf.c', () => 'local');
    expect(await prepared).toMatchObject({ target: targets.local, why: 'of its object', compileMs: 7 });
    expect((await prepared).object.name).toBe('trace.bpf.o');
    expect(compiledFor).toEqual(['local']);
  });

  it('compiles again, and takes that object, where the object changes it', async () => {
    const { compiledFor, prepared } = preparing('/w/trace.bpf.c', object => (object ? 'vm' : 'local'));
    const { target, object } = await prepared;
    expect(target).toBe(targets.vm);
    expect(compiledFor).toEqual(['local', 'vm']);
    const given = await preparing(objects.vm, () => 'vm').prepared;
    expect(object.programs.map(({ name }) => name)).toEqual(given.object.programs.map(({ name }) => name));
  });

  it('takes an object file as it is, by its own name', async () => {
    const { compiledFor, prepared } = preparing(objects.vm, object => (object ? 'local' : 'vm'));
    const { target, object, compileMs } = await prepared;
    expect([target, object.name, compileMs]).toEqual([targets.local, 'vm.o', 0]);
    expect(compiledFor).toEqual([]);
  });

  it('reports that there is no object', async () => {
    const failure = new Error('does not compile');
    const prepared = prepareSession({
      file: '/w/trace.bpf.c',
      choose: async () => ({ target: targets.local, why: '' }),
      compile: () => Promise.reject(failure),
    });
    await expect(prepared).rejects.toBe(failure);
  });
});
