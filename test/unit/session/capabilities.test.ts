import { describe, expect, it } from 'vitest';
import {
  CAPABILITY_BITS,
  CAPABILITY_TABLE,
  type CapabilityFacts,
  capabilitiesFor,
  coversCapabilities,
  holdsCapabilities,
  kernelAtLeast,
  loadingWork,
  sessionWork,
} from '../../../src/session/elevation/capabilities';
import { setprivArgs } from '../../../src/session/elevation/elevation';
import type { AttachPoint } from '../../../src/shared/bpf/attach-point';
import type { BpfObject, Program } from '../../../src/shared/object/model';
import { plainProgram } from '../plain-program';

const object: BpfObject = {
  name: 'x',
  license: 'GPL',
  programs: [],
  maps: [],
  parameters: [],
  globals: [],
  usesPrintk: false,
  btf: null,
  rootTypeIds: {},
};
const program = (attachPoint: AttachPoint) => plainProgram('p', attachPoint.kind, { attachPoint });
const debian = { kernelRelease: '6.1.0-18-amd64', perfEventParanoid: 3, kptrRestrict: 0 };
const session = (programs: Program[], facts: CapabilityFacts = debian, of = object, guarded = false) =>
  capabilitiesFor(sessionWork(of, programs, null, guarded), facts);
const names = (...of: Parameters<typeof session>) => session(...of).map(entry => entry.capability);
const why = (...of: Parameters<typeof session>) =>
  session(...of)
    .map(entry => entry.why)
    .join('\n');
const fentry = program({ kind: 'fentry', function: 'vfs_read' });
const kprobe = program({ kind: 'kprobe', function: 'f', offset: 0 });

describe('capabilities', () => {
  it('requests the least for trampolines and BTF tracepoints: bpf and perfmon', () => {
    expect(names([fentry])).toEqual(['bpf', 'perfmon']);
    expect(names([program({ kind: 'tp_btf', name: 'sched_switch' })])).toEqual(['bpf', 'perfmon']);
  });

  it('has sys_admin for perf_event_open only where the kernel requires it, and reports how to avoid it', () => {
    expect(names([kprobe])).toEqual(['sys_admin']);
    expect(names([kprobe], { ...debian, perfEventParanoid: 2 })).toEqual(['bpf', 'perfmon']);
    expect(why([kprobe])).toContain('sysctl kernel.perf_event_paranoid=2');
  });

  it('has sys_admin for uprobes and USDT probes at every setting', () => {
    for (const point of [
      { kind: 'uprobe', path: '/x', symbol: 'f', offset: 0 },
      { kind: 'usdt', path: '/x', provider: 'p', probe: 'q' },
    ] as const) {
      expect(names([program(point)], { ...debian, perfEventParanoid: 1 })).toEqual(['sys_admin']);
      expect(why([program(point)])).not.toContain('perf_event_paranoid');
    }
  });

  it('allows the overhead guard to measure, unless the kernel does so anyway', () => {
    expect(names([fentry], debian, object, true)).toEqual(['sys_admin']);
    expect(names([fentry], { ...debian, runTimeMeasured: true }, object, true)).toEqual(['bpf', 'perfmon']);
    expect(why([fentry], debian, object, true)).toContain('sysctl kernel.bpf_stats_enabled=1');
  });

  it('lists each reason of a capability, so that no sysctl is set in vain', () => {
    const both = why([kprobe], debian, object, true);
    expect(both).toContain('perf_event_paranoid=2');
    expect(both).toContain('bpf_stats_enabled=1');
  });

  it('allows classic tracepoints and printk to read tracefs', () => {
    const tracepoint = program({ kind: 'tracepoint', category: 'block', name: 'x' });
    expect(names([tracepoint])).toEqual(['sys_admin', 'dac_read_search']);
    expect(names([fentry], debian, { ...object, usesPrintk: true })).toContain('dac_read_search');
    expect(names([program({ kind: 'ksyscall', syscall: 'getpid' })])).toEqual(['sys_admin']);
  });

  it('asks for what loading takes when nothing is attached', () => {
    const tracepoint = program({ kind: 'tracepoint', category: 'block', name: 'x' });
    const load = capabilitiesFor(
      loadingWork({ ...object, usesPrintk: true }, [kprobe, tracepoint], null),
      debian,
    );
    expect(load.map(entry => entry.capability)).toEqual(['bpf', 'perfmon']);
  });

  it('asks for a module’s BTF only where the kernel’s own lacks the function or tracepoint', () => {
    const kernel = { find: (_kind: string, name: string) => (name === 'vfs_read' ? 1 : null) };
    const needs = (of: Program) => [...sessionWork(object, [of], kernel, false).keys()];
    expect(needs(fentry)).not.toContain('use-module-btf');
    expect(needs(program({ kind: 'fentry', function: 'ovl_open' }))).toContain('use-module-btf');
    expect(needs(program({ kind: 'tp_btf', name: 'kvm_exit' }))).toContain('use-module-btf');
    const chosen = {
      ...fentry,
      attachPoint: { kind: 'fentry', function: '' },
      targetParameter: 'f',
    } as const;
    const parameters = [{ name: 'f', defaultValue: 'vfs_read' }] as unknown as BpfObject['parameters'];
    const needsWith = (values: Map<string, string>) => [
      ...sessionWork({ ...object, parameters }, [chosen], kernel, false, values).keys(),
    ];
    expect(needsWith(new Map())).not.toContain('use-module-btf');
    expect(needsWith(new Map([['f', 'ovl_open']]))).toContain('use-module-btf');
    expect(needs(kprobe)).not.toContain('use-module-btf');
  });

  it('asks for kernel symbols only where that helps', () => {
    const multi = [program({ kind: 'kprobe.multi', pattern: 'vfs_*' })];
    expect(names(multi)).toEqual(['bpf', 'perfmon', 'syslog']);
    expect(names(multi, { ...debian, perfEventParanoid: 1 })).toEqual(['bpf', 'perfmon']);
    expect(names(multi, { ...debian, perfEventParanoid: 1, kptrRestrict: 1 })).toContain('syslog');
    expect(names(multi, { ...debian, kptrRestrict: 2 })).toEqual(['bpf', 'perfmon']);
  });

  it('knows older kernels', () => {
    expect(names([program({ kind: 'raw_tp', name: 'x' })], { ...debian, kernelRelease: '5.4.0' })).toEqual([
      'sys_admin',
      'sys_resource',
    ]);
    expect(kernelAtLeast('5.10.0-28-amd64', 5, 8)).toBe(true);
    expect(kernelAtLeast('5.4.0', 5, 8)).toBe(false);
    expect(kernelAtLeast('6.1', 5, 8)).toBe(true);
  });

  it('is compared with what a process holds', () => {
    const capabilities = session([fentry]);
    // CapEff of a process with CAP_BPF and CAP_PERFMON; without CAP_PERFMON.
    expect(holdsCapabilities('000000c000000000', capabilities)).toBe(true);
    expect(holdsCapabilities('0000008000000000', capabilities)).toBe(false);
    expect(coversCapabilities(capabilities, capabilities.slice(0, 1))).toBe(true);
    expect(coversCapabilities(capabilities.slice(0, 1), capabilities)).toBe(false);
    expect(coversCapabilities(session([kprobe]), capabilities)).toBe(true);
    expect(coversCapabilities(capabilities, session([kprobe]))).toBe(false);
  });

  it('becomes the three sets of setpriv, and nothing else', () => {
    expect(setprivArgs(1000, 1000, session([fentry]))).toEqual([
      '--reuid=1000',
      '--regid=1000',
      '--init-groups',
      '--inh-caps=-all,+bpf,+perfmon',
      '--ambient-caps=-all,+bpf,+perfmon',
      '--bounding-set=-all,+bpf,+perfmon',
      '--no-new-privs',
    ]);
  });

  it('has a reason in the table for every capability a tracer can get', () => {
    expect(new Set(CAPABILITY_TABLE.map(row => row.capability))).toEqual(
      new Set(Object.keys(CAPABILITY_BITS)),
    );
  });
});
