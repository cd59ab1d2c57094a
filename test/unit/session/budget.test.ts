import { describe, expect, it } from 'vitest';
import {
  type BudgetFacts,
  capabilityBudget,
  coversBudget,
  holdsBudget,
  kernelAtLeast,
} from '../../../src/session/budget';
import { setprivArgs } from '../../../src/session/elevation';
import type { AttachPoint, BpfObject, Program } from '../../../src/shared/object/model';

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
function program(attachPoint: AttachPoint): Program {
  return {
    name: 'p',
    section: attachPoint.kind,
    autoload: true,
    attachPoint,
    choice: null,
    needs: [],
    targetParameter: null,
    ifunc: null,
    perf: null,
    instructionCount: 1,
    helperIds: [],
    kfuncs: [],
    sourceLines: [],
  };
}
const debian = { kernelRelease: '6.1.0-18-amd64', perfEventParanoid: 3 };
const names = (programs: Program[], facts: BudgetFacts = debian, of = object) =>
  capabilityBudget(of, programs, facts).map(entry => entry.capability);

describe('capabilityBudget', () => {
  it('gives trampolines and BTF tracepoints the least: bpf and perfmon', () => {
    expect(names([program({ kind: 'fentry', function: 'vfs_read' })])).toEqual(['bpf', 'perfmon']);
    expect(names([program({ kind: 'tp_btf', name: 'sched_switch' })])).toEqual(['bpf', 'perfmon']);
  });

  it('adds sys_admin for perf_event_open only where the kernel wants it, and says how to avoid it', () => {
    const kprobe = program({ kind: 'kprobe', function: 'f', offset: 0 });
    expect(names([kprobe])).toContain('sys_admin');
    expect(names([kprobe], { ...debian, perfEventParanoid: 2 })).toEqual(['bpf', 'perfmon']);
    expect(
      capabilityBudget(object, [kprobe], debian).find(entry => entry.capability === 'sys_admin')?.why,
    ).toContain('sysctl kernel.perf_event_paranoid=2');
  });

  it('lets the overhead guard measure, unless the kernel does so anyway', () => {
    const fentry = [program({ kind: 'fentry', function: 'f' })];
    expect(names(fentry, { ...debian, guarded: true })).toEqual(['bpf', 'perfmon', 'sys_admin']);
    expect(names(fentry, { ...debian, guarded: true, runTimeMeasured: true })).toEqual(['bpf', 'perfmon']);
    expect(
      capabilityBudget(object, fentry, { ...debian, guarded: true }).find(
        entry => entry.capability === 'sys_admin',
      )?.why,
    ).toContain('sysctl kernel.bpf_stats_enabled=1');
  });

  it('lets classic tracepoints and printk read tracefs', () => {
    expect(names([program({ kind: 'tracepoint', category: 'block', name: 'x' })])).toContain(
      'dac_read_search',
    );
    expect(
      names([program({ kind: 'fentry', function: 'f' })], debian, { ...object, usesPrintk: true }),
    ).toContain('dac_read_search');
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

  it('compares with what a process holds', () => {
    const budget = capabilityBudget(object, [program({ kind: 'fentry', function: 'f' })], debian);
    // TESTING: node through setpriv runs with CapEff c000000000.
    expect(holdsBudget('000000c000000000', budget)).toBe(true);
    expect(holdsBudget('0000008000000000', budget)).toBe(false);
    expect(coversBudget(budget, budget.slice(0, 1))).toBe(true);
    expect(coversBudget(budget.slice(0, 1), budget)).toBe(false);
  });

  it('becomes the three sets of setpriv, and nothing else', () => {
    const budget = capabilityBudget(object, [program({ kind: 'fentry', function: 'f' })], debian);
    expect(setprivArgs(1000, 1000, budget)).toEqual([
      '--reuid=1000',
      '--regid=1000',
      '--init-groups',
      '--inh-caps=-all,+bpf,+perfmon',
      '--ambient-caps=-all,+bpf,+perfmon',
      '--bounding-set=-all,+bpf,+perfmon',
      '--no-new-privs',
    ]);
  });
});
