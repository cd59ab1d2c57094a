/** Which target a program is compiled for and goes to, when its object has a say. */
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

  it('passes on that there is no object', async () => {
    const failure = new Error('does not compile');
    const prepared = prepareSession({
      file: '/w/trace.bpf.c',
      choose: async () => ({ target: targets.local, why: '' }),
      compile: () => Promise.reject(failure),
    });
    await expect(prepared).rejects.toBe(failure);
  });
});
