/**
 * A part of the kernel's BTF relocates a program exactly as all of it does. What was loaded is compared by the kernel's
 * own tag: the hash of a program's instructions (kernel/bpf/core.c, bpf_prog_calc_tag).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePrograms } from '../../../src/session/tracing/choose-programs';
import type { Btf, BtfType, BtfTypeId } from '../../../src/shared/btf/btf-model';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { relocationBtf } from '../../../src/shared/object/relocation-btf';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { compileProgram as compileTemplate, traceBench } from '../bench/trace';
import { compileProgram, type GuestTracer, startGuestTracer } from './guest-tracer';

let guest: TestGuest;
let tracer: GuestTracer;
let kernel: Btf;
beforeAll(async () => {
  guest = await sharedGuest();
  const { target } = await traceBench();
  kernel = (await target.readBtf()).btf;
  tracer = await startGuestTracer(guest);
});
afterAll(async () => {
  await tracer?.[Symbol.asyncDispose]();
});

/** Loads it and gives each program's tag. */
async function tags(bytes: Uint8Array, object: BpfObject, part: Uint8Array | null): Promise<string[]> {
  const { client } = tracer;
  const { sessionId, programs } = await client.open(bytes, {
    programs: object.programs.map(({ name, autoload }) => ({
      name,
      load: autoload,
      attach: { kind: 'none' },
    })),
    ...(part ? { relocationBtfBlobId: client.connection.sendBlob(part) } : {}),
  });
  const shown = await Promise.all(
    programs.map(async ({ id }) => JSON.parse(await guest.sh(`bpftool -j prog show id ${id}`)).tag as string),
  );
  await client.request('session/close', { sessionId });
  return shown;
}

const partFor = (object: BpfObject, of: Btf): Uint8Array | null => relocationBtf(object, object.programs, of);

/** The same kernel, if one of its structures had a member 8 bytes further on. */
function displaced(struct: string, member: string): Btf {
  const changed = kernel.find('struct', struct);
  const type = (id: BtfTypeId): BtfType => {
    const found = kernel.type(id);
    if (id !== changed || found.kind !== 'struct') return found;
    const members = found.members.map(each =>
      each.name === member ? { ...each, bitOffset: each.bitOffset + 64 } : each,
    );
    return { ...found, members };
  };
  return new Proxy(kernel, {
    get: (target, name) => {
      if (name === 'type') return type;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('every kind of question', () => {
  let bytes: Uint8Array;
  let object: BpfObject;
  let whole: string[];
  beforeAll(async () => {
    bytes = compileProgram('relocations');
    object = readObject(bytes, 'relocations');
    whole = await tags(bytes, object, null);
  });

  it('is answered alike', async () => {
    const part = partFor(object, kernel);
    // task_struct brings what it holds; a kernel's whole table has megabytes.
    expect(part?.byteLength).toBeGreaterThan(1000);
    expect(part?.byteLength).toBeLessThan(100_000);
    expect(await tags(bytes, object, part)).toEqual(whole);
  });

  it('is answered by the part that was sent', async () => {
    const wrong = partFor(object, displaced('task_struct', 'tgid'));
    const [tag] = await tags(bytes, object, wrong);
    expect(tag).toMatch(/^[0-9a-f]{16}$/);
    expect([tag]).not.toEqual(whole);
  });

  it('is answered by the whole table where the part is none, or too little', async () => {
    expect(await tags(bytes, object, new Uint8Array(100))).toEqual(whole);
    const [section = '', [first] = []] = [...(object.relocations ?? [])][0] ?? [];
    const one = { ...object, relocations: new Map([[section, first ? [first] : []]]) };
    const little = partFor(one, kernel);
    expect(little?.byteLength).toBeLessThan(partFor(object, kernel)?.byteLength ?? 0);
    expect(await tags(bytes, object, little)).toEqual(whole);
  });
});

/** One per kind of attach point and style of reading: kprobe and fentry, nested structures, tracepoints, sockets. */
it.each(['vfsreadlat', 'biolatpcts', 'disksnoop', 'tcpv4connect', 'dddos', 'task_switch'])(
  '%s is relocated alike',
  async template => {
    const { object, bytes } = await compileTemplate(template);
    const { load } = await choosePrograms(object, {
      btf: kernel,
      functions: async names => names.map(name => ({ name, traceable: null, symbol: true })),
      tracepoints: async names => names.map(() => true),
      modules: async () => new Set(),
      moduleBtf: async () => null,
      moduleWithFunction: async () => null,
      branchRecords: async () => false,
    });
    const chosen = {
      ...object,
      programs: object.programs.map(program => ({ ...program, autoload: load.includes(program) })),
    };
    const part = relocationBtf(object, load, kernel);
    expect(part, 'a part').not.toBeNull();
    expect(await tags(bytes, chosen, part)).toEqual(await tags(bytes, chosen, null));
  },
);
