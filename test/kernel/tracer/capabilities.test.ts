/**
 * A session's capabilities are what it needs and no more: as an ordinary user, with exactly those that capabilities.ts says
 * each row works, and without any one of them it fails with the error that is reported. On the distribution's kernel and
 * on Debian 13's.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Capability,
  type CapabilityFacts,
  capabilitiesFor,
  loadingWork,
  sessionWork,
} from '../../../src/session/elevation/capabilities';
import { setprivArgs } from '../../../src/session/elevation/elevation';
import { programReasons } from '../../../src/session/tracing/program-consent';
import { findKernel, newestKernel } from '../../../src/session/vm/kernel-image';
import { kernelImageBtf } from '../../../src/session/vm/vmlinux';
import { parseBtf } from '../../../src/shared/btf/btf';
import type { Btf } from '../../../src/shared/btf/btf-model';
import { readObject } from '../../../src/shared/object/object';
import type { TracerErrorData } from '../../../src/shared/protocol/tracer';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { bootInsteadOfShared, sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { workloadPath } from '../bench/workloads';
import { type CapabilityRow, capabilityRows } from './capability-rows';
import { compileProgram, fileOffset, type GuestTracer, startGuestTracer } from './guest-tracer';

const USER = 65534;
const BINARY = workloadPath('probe_target');
const PARANOID = '/proc/sys/kernel/perf_event_paranoid';
const MEASURED = '/proc/sys/kernel/bpf_stats_enabled';
/** The checkout may lie in a folder only root may enter; in the guest's own layer that can be changed. */
const openCheckout = `folder='${root}'; while [ "$folder" != / ]; do chmod o+x "$folder"; folder=$(dirname "$folder"); done`;
const objects = new Map<string, { bytes: Uint8Array; object: ReturnType<typeof readObject> }>();

function objectOf(name: string) {
  const known = objects.get(name);
  if (known) return known;
  const bytes = compileProgram(name);
  const compiled = { bytes, object: readObject(bytes, `${name}.bpf.o`) };
  objects.set(name, compiled);
  return compiled;
}

/** What the product would ask for, in the row's circumstances. */
function capabilitiesOf(row: CapabilityRow, kernel: Btf, kernelRelease: string): Capability[] {
  const { object } = objectOf(row.object);
  const programs = object.programs.filter(({ name }) => row.programs.includes(name));
  const facts: CapabilityFacts = {
    kernelRelease,
    perfEventParanoid: row.paranoid ?? 3,
    kptrRestrict: 0,
    runTimeMeasured: row.runTimeMeasured === true,
  };
  const work = row.loadOnly
    ? loadingWork(object, programs, kernel)
    : sessionWork(object, programs, kernel, row.guarded === true);
  return capabilitiesFor(work, facts).map(entry => entry.capability);
}

/**
 * The capabilities without one of them. Without CAP_SYS_ADMIN what it stands for is there: nobody should get it for what
 * CAP_BPF and CAP_PERFMON would do.
 */
function without(capabilities: readonly Capability[], capability: Capability): Capability[] {
  const rest = capabilities.filter(each => each !== capability);
  return capability === 'sys_admin' ? [...new Set<Capability>(['bpf', 'perfmon', ...rest])] : rest;
}

/** Does what a session does, in its order. 'works', or how it was refused. */
async function outcomeOf({ client }: GuestTracer, row: CapabilityRow): Promise<string> {
  const { bytes, object } = objectOf(row.object);
  const loaded = object.programs.filter(({ name }) => row.programs.includes(name));
  const open = client.openParams(bytes, {
    ...(row.loadOnly ? { loadOnly: true } : {}),
    consented: loaded.map(programReasons).map(({ program, reasons }) => ({ program, reasons: [...reasons] })),
    programs: object.programs.map(({ name }) => ({
      name,
      load: row.programs.includes(name),
      attach: row.loadOnly ? { kind: 'none' } : (row.attach ?? { kind: 'auto' }),
    })),
  });
  let sessionId = 0;
  try {
    ({ sessionId } = await client.request('session/open', open));
    if (row.loadOnly) return 'works';
    for (const { name, view } of object.maps)
      if (view.kind === 'events') await client.request('stream/watch', { sessionId, map: name });
    if (object.usesPrintk) {
      await client.request('printk/watch', {});
      await client.request('printk/unwatch', {});
    }
    await client.request('session/attach', { sessionId });
    if (row.guarded && !row.runTimeMeasured)
      await client.request('session/statistics', { sessionId, enable: true });
    for (const { name, view } of object.maps)
      if (view.kind === 'table') await client.request('map/read', { sessionId, map: name, maxEntries: 0 });
    if (row.object !== 'kernel-address') return 'works';
    const { blobId } = await client.request('target/read', { what: 'kallsyms' });
    const symbols = Buffer.from(client.connection.takeBlob(blobId)).toString('latin1');
    return /^(?!0+ )[0-9a-f]+ T vfs_read$/m.test(symbols) ? 'works' : 'zeros';
  } catch (error) {
    const { code, errnoName } = (error as { data: TracerErrorData }).data;
    return errnoName === undefined ? code : `${code} ${errnoName}`;
  } finally {
    if (sessionId > 0) await client.request('session/close', { sessionId });
  }
}

/** The row's probe, of that process alone. */
function ofProcess(row: CapabilityRow, pid: number): CapabilityRow {
  const { attach } = row;
  if (attach?.kind !== 'uprobe' && attach?.kind !== 'usdt') throw new Error(`${row.name} has no process`);
  return { ...row, attach: { ...attach, pid } };
}

interface Case {
  readonly row: CapabilityRow;
  readonly capabilities: readonly Capability[];
}
const keyOf = ({ row, capabilities }: Case): string => `${row.name}: ${[...capabilities].sort().join(',')}`;
const sysctlsOf = (row: CapabilityRow): string => `${row.paranoid ?? 3} ${row.runTimeMeasured ? 1 : 0}`;

/** One tracer for each set of capabilities: starting them is what takes long. */
async function outcomes(guest: TestGuest, cases: readonly Case[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const bySet = new Map<string, Case[]>();
  for (const each of cases) {
    const key = [...each.capabilities].sort().join(',');
    bySet.set(key, [...(bySet.get(key) ?? []), each]);
  }
  for (const set of bySet.values()) {
    const capabilities = (set[0]?.capabilities ?? []).map(capability => ({ capability, why: '' }));
    const tracer = await startGuestTracer(guest, {
      prefix: ['setpriv', ...setprivArgs(USER, USER, capabilities)],
    });
    try {
      let sysctls = '';
      for (const each of set.toSorted((a, b) => sysctlsOf(a.row).localeCompare(sysctlsOf(b.row)))) {
        const wanted = sysctlsOf(each.row);
        if (wanted !== sysctls) {
          const [paranoid, measured] = wanted.split(' ');
          await guest.sh(`echo ${paranoid} >${PARANOID}; echo ${measured} >${MEASURED}`);
          sysctls = wanted;
        }
        found.set(keyOf(each), await outcomeOf(tracer, each.row));
      }
    } finally {
      await tracer[Symbol.asyncDispose]();
    }
  }
  return found;
}

const newer = await newestKernel(path.join(defaultCacheFolder(), 'kernels/trixie'));
const kernels = [
  { name: 'the distribution’s kernel', isShared: true, image: await findKernel(defaultCacheFolder()) },
  {
    name: `Debian 13’s kernel${newer ? '' : ', which npm run setup could not get'}`,
    isShared: false,
    image: newer,
  },
];

describe.each(kernels)('the capabilities on $name', ({ isShared, image }) => {
  describe.skipIf(image === null)('as an ordinary user', () => {
    let guest: TestGuest;
    let found = new Map<string, string>();
    let defaults = '';
    let hasFprobe = false;
    const rows = capabilityRows(BINARY, String(fileOffset(BINARY, 'probed')));
    const capabilitiesByRow = new Map<string, Capability[]>();

    beforeAll(async () => {
      const bytes = image && (await kernelImageBtf(image, defaultCacheFolder()));
      if (!image || !bytes) throw new Error(`${image?.imagePath} has no BTF`);
      const btf = parseBtf(bytes);
      guest = isShared ? await sharedGuest() : await bootInsteadOfShared({ kernel: image });
      defaults = await guest.sh(`cat ${PARANOID} ${MEASURED}`);
      hasFprobe = /^[1-9]/.test(await guest.sh('grep -c " register_fprobe$" /proc/kallsyms || true'));
      await guest.sh(`chmod 666 /dev/vport*; ${openCheckout}`);
      const sleeper = await guest.spawn([BINARY, '1'], { stopped: true });
      const cases = rows
        .filter(row => hasFprobe || !row.needsFprobe)
        .map(row => (row.ofProcess ? ofProcess(row, sleeper.pid) : row))
        .flatMap(row => {
          const capabilities = capabilitiesOf(row, btf, guest.vm.kernelRelease);
          capabilitiesByRow.set(row.name, capabilities);
          const sets = [capabilities, ...capabilities.map(each => without(capabilities, each))];
          return sets.map(capabilities => ({ row, capabilities }));
        });
      found = await outcomes(guest, cases);
      await sleeper.kill('SIGKILL');
      await guest.sh(`echo 3 >${PARANOID}; echo 0 >${MEASURED}`);
    });
    afterAll(async () => {
      if (!isShared) await guest?.dispose();
    });

    it('begins with Debian’s settings: perf_event_paranoid is 3 and run time is not measured', () => {
      expect(defaults).toBe('3\n0\n');
    });

    it.for(rows)('$name', (row, { skip }) => {
      if (row.needsFprobe && !hasFprobe) skip('this kernel has no fprobe');
      const capabilities = capabilitiesByRow.get(row.name) ?? [];
      expect(capabilities.toSorted()).toEqual(Object.keys(row.capabilities).sort());
      expect(found.get(keyOf({ row, capabilities }))).toBe('works');
      const refusals = capabilities.map(each => [
        each,
        found.get(keyOf({ row, capabilities: without(capabilities, each) })),
      ]);
      expect(Object.fromEntries(refusals)).toEqual(row.capabilities);
    });
  });
});
