/** Fallback chains against this machine's own BTF (read only) and made-up answers of tracefs. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TargetFacts } from '../../../src/session/targets/target-facts';
import { trustingBtf } from '../../../src/session/tracing/attach-point-lack';
import { choosePrograms, leftOutLine } from '../../../src/session/tracing/choose-programs';
import { parseBtf } from '../../../src/shared/btf/btf';
import type { Program } from '../../../src/shared/object/model';
import { plainObject, plainProgram as program } from '../plain-program';

const btf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'));

function facts(has: {
  functions?: string[];
  notrace?: string[];
  tracepoints?: string[];
  modules?: string[];
  branchRecords?: boolean;
}): TargetFacts {
  return {
    btf,
    functions: async names =>
      names.map(name => ({
        name,
        symbol: [...(has.functions ?? []), ...(has.notrace ?? [])].includes(name),
        traceable: (has.functions ?? []).includes(name),
      })),
    tracepoints: async names =>
      names.map(({ category, name }) => (has.tracepoints ?? []).includes(`${category}:${name}`)),
    modules: async () => new Set(has.modules ?? []),
    moduleBtf: async () => null,
    moduleWithFunction: async () => null,
    branchRecords: async () => has.branchRecords ?? false,
  };
}

const first = { choice: { group: 'read', rank: 0 } };
const second = { choice: { group: 'read', rank: 1 } };
const chain = plainObject([
  program('enter', '?fentry/vfs_read', first),
  program('exit', '?fexit/vfs_read', first),
  program('enter_probe', '?kprobe/vfs_read', second),
  program('exit_probe', '?kretprobe/vfs_read', second),
]);
const names = (programs: readonly Program[]) => programs.map(({ name }) => name);

describe('choosePrograms', () => {
  it('takes the first rank whose every program can attach', async () => {
    const choice = await choosePrograms(chain, facts({ functions: ['vfs_read'] }));
    expect(names(choice.load)).toEqual(['enter', 'exit']);
    expect(choice.groups).toEqual([{ group: 'read', rank: 0, programs: ['enter', 'exit'], passedOver: [] }]);
  });

  it('falls back as a whole rank, and reports why', async () => {
    const refused = new Map([['exit', { what: 'the kernel refused to attach it (EBUSY)', fix: null }]]);
    const choice = await choosePrograms(chain, facts({ functions: ['vfs_read'] }), refused);
    expect(names(choice.load)).toEqual(['enter_probe', 'exit_probe']);
    expect(choice.groups[0]?.passedOver).toEqual([{ program: 'fexit/vfs_read', lack: refused.get('exit') }]);
  });

  it('passes over functions marked notrace for fentry, leaves kprobes to the kernel', async () => {
    const choice = await choosePrograms(chain, facts({ notrace: ['vfs_read'] }));
    expect(names(choice.load)).toEqual(['enter_probe', 'exit_probe']);
  });

  it('reports everything that is missing when no rank is possible', async () => {
    await expect(choosePrograms(chain, facts({}))).rejects.toMatchObject({
      code: 'attach-point-missing',
      message: expect.stringMatching(
        /fentry\/vfs_read.*kprobe\/vfs_read.*: the kernel has no function 'vfs_read'/,
      ),
    });
  });

  it('leaves optional programs alone and insists on the others', async () => {
    const optional = plainObject([
      program('spare', '?kprobe/no_such_function'),
      program('main', 'tp_btf/sched_switch'),
    ]);
    expect(names((await choosePrograms(optional, facts({}))).load)).toEqual(['main']);
    const needed = plainObject([program('main', 'tp_btf/no_such_tracepoint')]);
    await expect(choosePrograms(needed, facts({}))).rejects.toThrow(/no tracepoint 'no_such_tracepoint'/);
  });

  it('attaches one of several ways to the same numbers, the best that the target has', async () => {
    const object = plainObject([
      program('by_kprobe', 'kprobe/vfs_read', { uses: ['reads'] }),
      program('by_fentry', 'fentry/vfs_read', { uses: ['reads'] }),
    ]);
    const choice = await choosePrograms(object, facts({ functions: ['vfs_read'] }));
    expect(names(choice.load)).toEqual(['by_fentry']);
    expect(choice.leftOut).toEqual([
      {
        program: 'by_kprobe',
        section: 'kprobe/vfs_read',
        because: 'alternative',
        why: 'by_fentry (fentry/vfs_read) counts the same',
        unfilled: [],
      },
    ]);
    const notrace = await choosePrograms(object, facts({ notrace: ['vfs_read'] }));
    expect(names(notrace.load)).toEqual(['by_kprobe']);
    expect(notrace.leftOut).toMatchObject([{ program: 'by_fentry', because: 'alternative' }]);
    const both = { only: ['by_kprobe', 'by_fentry'] };
    const asked = await choosePrograms(
      object,
      facts({ functions: ['vfs_read'] }),
      undefined,
      undefined,
      both,
    );
    expect(names(asked.load)).toEqual(['by_kprobe', 'by_fentry']);
  });

  it('attaches what has a place, and reports the rest with what stays empty', async () => {
    const object = plainObject([
      program('on_read', 'kprobe/vfs_read', { uses: ['reads'] }),
      program('on_other', 'kprobe/of_another_kernel', { uses: ['reads', 'others'] }),
    ]);
    const choice = await choosePrograms(object, facts({ functions: ['vfs_read'] }));
    expect(names(choice.load)).toEqual(['on_read']);
    expect(choice.leftOut.map(leftOutLine)).toEqual([
      "on_other (kprobe/of_another_kernel) is not attached: the kernel has no function 'of_another_kernel' (renamed, inlined, or split by the compiler); others stays empty",
    ]);
    const named = { only: ['on_other'] };
    await expect(
      choosePrograms(object, facts({ functions: ['vfs_read'] }), undefined, undefined, named),
    ).rejects.toThrow(/no function 'of_another_kernel'/);
    const without = await choosePrograms(
      object,
      facts({ functions: ['vfs_read', 'of_another_kernel'] }),
      undefined,
      undefined,
      { without: ['on_read'] },
    );
    expect(without).toMatchObject({
      load: [{ name: 'on_other' }],
      leftOut: [{ program: 'on_read', because: 'excluded' }],
    });
  });

  it('insists on programs that declare what they need', async () => {
    const object = plainObject([
      program('on_read', 'kprobe/vfs_read'),
      program('on_other', 'kprobe/of_another_kernel', { needs: ['function:of_another_kernel'] }),
    ]);
    await expect(choosePrograms(object, facts({ functions: ['vfs_read'] }))).rejects.toMatchObject({
      code: 'attach-point-missing',
    });
  });

  it.each([
    ['btf-args:block_rq_complete:3', true],
    ['btf-args:block_rq_complete:2', false],
    ['btf-args:vfs_read:4', true],
    ['field:task_struct.__state', true],
    ['field:task_struct.no_such_field', false],
    ['no-field:task_struct.no_such_field', true],
    ['module:kvm', true],
    ['module:nbd', false],
    ['tracepoint:random:urandom_read', false],
    ['tracepoint:block:block_rq_issue', true],
  ])('checks the requirement %s: %s', async (need, met) => {
    const object = plainObject([program('main', 'tp_btf/sched_switch', { needs: [need] })]);
    const target = facts({ modules: ['kvm'], tracepoints: ['block:block_rq_issue'] });
    const choice = choosePrograms(object, target);
    if (met) await expect(choice).resolves.toMatchObject({ load: [{ name: 'main' }] });
    else await expect(choice).rejects.toMatchObject({ code: 'attach-point-missing' });
  });

  it('reports that a machine has no last branch records', async () => {
    const object = plainObject([program('main', 'perf_event', { needs: ['branch-stack'] })]);
    await expect(choosePrograms(object, facts({}))).rejects.toThrow(/has no last branch records/);
    await expect(choosePrograms(object, facts({ branchRecords: true }))).resolves.toMatchObject({
      load: [{ name: 'main' }],
    });
  });

  it('knows a system call by its tracepoint or by its function', async () => {
    const object = plainObject([program('main', 'ksyscall/sync')]);
    for (const target of [
      facts({ tracepoints: ['syscalls:sys_enter_sync'] }),
      facts({ notrace: ['__x64_sys_sync'] }),
      facts({ notrace: ['__arm64_sys_sync'] }),
    ])
      await expect(choosePrograms(object, target)).resolves.toMatchObject({ load: [{ name: 'main' }] });
    await expect(choosePrograms(object, facts({}))).rejects.toThrow(/no system call 'sync'/);
  });

  it('counts a missing run-time target as a lack of its rank, and names it once', async () => {
    const statement = (rank: number, targetParameter: string): Partial<Program> => ({
      choice: { group: 'statement', rank },
      targetParameter,
    });
    const servers = plainObject([
      program('probe', '?usdt', statement(0, 'start_probe')),
      program('probe_done', '?usdt', statement(0, 'done_probe')),
      program('function', '?uprobe', statement(1, 'dispatch')),
      program('function_done', '?uretprobe', statement(1, 'dispatch')),
    ]);
    const lack = async ({ name }: Program) =>
      name.startsWith('probe') ? { what: '/usr/sbin/x has no USDT probe a:b', fix: null } : null;
    const choice = await choosePrograms(servers, facts({}), new Map(), lack);
    expect(names(choice.load)).toEqual(['function', 'function_done']);
    expect(choice.groups[0]?.passedOver).toHaveLength(2);
    const none = choosePrograms(servers, facts({}), new Map(), async () => ({
      what: 'there is no file x',
      fix: { text: 'Give its whole path.' },
    }));
    await expect(none).rejects.toMatchObject({
      message: 'This target lacks attach points the program needs: there is no file x.',
      fix: { text: 'Give its whole path.' },
    });
  });

  it('names the fix for a module that is not loaded', async () => {
    const object = plainObject([program('main', 'tp_btf/sched_switch', { needs: ['module:kvm'] })]);
    await expect(choosePrograms(object, facts({}))).rejects.toMatchObject({
      fix: { command: 'sudo modprobe kvm' },
    });
  });

  it.each(['kvm;touch /tmp/x', 'kvm|$(id)', '-r', 'kvm\nid', '../x'])(
    'offers no command for root with a name that no module has: %j',
    async module => {
      const object = plainObject([program('main', 'tp_btf/sched_switch', { needs: [`module:x:${module}`] })]);
      await expect(choosePrograms(object, facts({}))).rejects.toMatchObject({
        fix: null,
      });
    },
  );

  it('reports once that a module is missing, rather than each of its tracepoints, and which ones bring it', async () => {
    const needs = ['module:kvm:kvm_intel|kvm_amd'];
    const object = plainObject([
      program('entries', 'tracepoint/kvm/kvm_entry', { needs, choice: { group: 'kvm', rank: 0 } }),
      program('calls', 'tracepoint/kvm/kvm_hypercall', { needs, choice: { group: 'kvm', rank: 0 } }),
    ]);
    await expect(choosePrograms(object, facts({}))).rejects.toMatchObject({
      message:
        "This target lacks attach points the program needs: tracepoint/kvm/kvm_entry, tracepoint/kvm/kvm_hypercall: the module 'kvm' is not loaded.",
      fix: { text: 'sudo modprobe kvm_intel or sudo modprobe kvm_amd' },
    });
  });
});

describe('trustingBtf', () => {
  it('asks only about functions that BTF does not have', async () => {
    const asked: string[] = [];
    const target = facts({ functions: ['vfs_read', 'of_a_module'] });
    const counted: TargetFacts = {
      ...target,
      functions: names => {
        asked.push(...names);
        return target.functions(names);
      },
    };
    const choice = await choosePrograms(chain, trustingBtf(counted));
    expect(names(choice.load)).toEqual(['enter', 'exit']);
    expect(asked).toEqual([]);
    expect(await trustingBtf(counted).functions(['of_a_module', 'vfs_read', 'nowhere'])).toEqual([
      { name: 'of_a_module', traceable: true, symbol: true },
      { name: 'vfs_read', traceable: null, symbol: true },
      { name: 'nowhere', traceable: false, symbol: false },
    ]);
    expect(asked).toEqual(['of_a_module', 'nowhere']);
  });
});
