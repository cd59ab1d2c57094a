/** What programs may do without consent, compared with the enums of this machine's include/uapi/linux/bpf.h. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { callsOf, changingHelper, isChangingKfunc } from '../../../src/shared/bpf/calls';
import {
  consentLine,
  type ProgramFacts,
  type ProgramReasons,
  reasonsOf,
  reasonText,
  withoutConsent,
} from '../../../src/shared/bpf/program-policy';
import {
  attachTypeName,
  attachTypeNumber,
  changingType,
  programTypeName,
  programTypeNumber,
} from '../../../src/shared/bpf/program-types';

const header = readFileSync('/usr/include/linux/bpf.h', 'utf8');

function enumOf(name: string, prefix: RegExp): string[] {
  const body = new RegExp(`^enum ${name} \\{([^}]*)\\}`, 'm').exec(header)?.[1] ?? '';
  return [...body.matchAll(/^\s*(\w+),/gm)].flatMap(([, member = '']) =>
    prefix.test(member) ? [member.replace(prefix, '').toLowerCase()] : [],
  );
}
const types = enumOf('bpf_prog_type', /^BPF_PROG_TYPE_/);
const attachTypes = enumOf('bpf_attach_type', /^BPF_/);
const helpers = [
  ...(/#define ___?BPF_FUNC_MAPPER\(FN[^)]*\)([\s\S]*?)\/\*/.exec(header)?.[1] ?? '').matchAll(/FN\((\w+)/g),
].map(([, name = '']) => `bpf_${name}`);

const observing = (type: string, ...attach: string[]) =>
  (attach.length > 0 ? attach : ['cgroup_inet_ingress']).map(each =>
    changingType(programTypeNumber(type), attachTypeNumber(each)),
  );
const facts = (over: Partial<ProgramFacts>): ProgramFacts => ({
  type: { program: programTypeNumber('kprobe'), attach: 0 },
  helpers: [],
  kfuncs: [],
  ...over,
});

describe('program types', () => {
  it("are the header's, by name and number, and each is decided", () => {
    expect(types.length).toBeGreaterThan(30);
    expect(types.map((_, number) => programTypeName(number))).toEqual(types);
    const without = types.filter((_, number) => changingType(number, 0) === null);
    expect(without).toEqual([
      'unspec',
      'socket_filter',
      'kprobe',
      'tracepoint',
      'perf_event',
      'raw_tracepoint',
    ]);
    for (const [number, name] of types.entries()) {
      const changing = changingType(number, 0);
      if (changing === null || name === 'tracing') continue;
      expect(changing).toBe(name);
      expect(reasonText(`type:${changing}`)).not.toContain('not know');
    }
  });

  it("have the header's attach types, and each of a tracing program's is decided", () => {
    expect(attachTypes.length).toBeGreaterThan(40);
    expect(attachTypes.map((_, number) => attachTypeName(number))).toEqual(attachTypes);
    expect(
      observing('tracing', 'trace_raw_tp', 'trace_fentry', 'trace_fexit', 'trace_iter', 'trace_fsession'),
    ).toEqual([null, null, null, null, null]);
    expect(
      observing(
        'kprobe',
        'trace_kprobe_multi',
        'trace_uprobe_multi',
        'trace_kprobe_session',
        'trace_uprobe_session',
      ),
    ).toEqual([null, null, null, null]);
    expect(observing('tracing', 'modify_return')).toEqual(['modify_return']);
    expect(reasonText('type:modify_return')).toContain('may change what a kernel function returns');
    expect(observing('tracing', 'lsm_mac')).toEqual(['tracing/lsm_mac']);
  });

  it('that are newer than the table need consent by name', () => {
    expect(changingType(33, 0)).toBe('33/cgroup_inet_ingress');
    expect(changingType(programTypeNumber('tracing'), 62)).toBe('tracing/62');
    expect(changingType(programTypeNumber('kprobe'), 99)).toBe('kprobe/99');
    expect(reasonText('type:33/cgroup_inet_ingress')).toContain(
      'is of a type this version does not know (33/',
    );
  });

  it.each([
    'xdp',
    'sched_cls',
    'sk_lookup',
    'sk_reuseport',
    'flow_dissector',
    'netfilter',
    'ext',
    'syscall',
    'raw_tracepoint_writable',
    'struct_ops',
    'lsm',
    'lirc_mode2',
    'lwt_seg6local',
    'cgroup_sysctl',
  ])('%s needs consent whatever it is attached to', type => {
    for (const attach of [0, attachTypeNumber('trace_iter'), 200])
      expect(changingType(programTypeNumber(type), attach)).toBe(type);
  });
});

describe('calls', () => {
  const call = (source: number, immediate: number, offset = 0) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt8(0x85, 0);
    bytes.writeUInt8(source << 4, 1);
    bytes.writeInt16LE(offset, 2);
    bytes.writeInt32LE(immediate, 4);
    return bytes;
  };

  it('are distinguished: helpers, functions of the program, of the kernel and of modules', () => {
    const wide = Buffer.from('1801000085000000000000008500000000', 'hex').subarray(0, 16);
    const { helpers: called, kfuncs } = callsOf(
      Buffer.concat([call(0, 109), wide, call(1, 58), call(2, 4711), call(2, 4711), call(2, 130_000, 1)]),
    );
    expect([...called]).toEqual([109]);
    expect(kfuncs).toEqual([
      { btfId: 4711, module: 0 },
      { btfId: 130_000, module: 1 },
    ]);
  });

  it("need consent for the header's helpers that change something, and for helpers that are newer", () => {
    expect(helpers.length).toBeGreaterThan(200);
    const changing = helpers.flatMap((name, id) => (changingHelper(id) === null ? [] : [name]));
    expect(changing).toEqual([
      'bpf_probe_write_user',
      'bpf_setsockopt',
      'bpf_override_return',
      'bpf_bind',
      'bpf_sysctl_set_new_value',
      'bpf_send_signal',
      'bpf_tcp_send_ack',
      'bpf_send_signal_thread',
      'bpf_bprm_opts_set',
      'bpf_sys_bpf',
      'bpf_sys_close',
      'bpf_set_retval',
    ]);
    for (const [id, name] of helpers.entries()) expect([null, name]).toContain(changingHelper(id));
    expect(changingHelper(212)).toBe('212');
    expect(changingHelper(-1)).toBe('-1');
    expect(reasonText('helper:212')).toContain('number 212');
  });

  it('that libbpf poisoned are none: code that no kernel runs', () => {
    for (const id of [195896080, 2001000003, 2002000000]) expect(changingHelper(id)).toBeNull();
  });

  it('of kernel functions need consent unless they are known to only observe', () => {
    for (const name of [
      'bpf_rcu_read_lock',
      'bpf_task_acquire',
      'bpf_task_release',
      'bpf_iter_num_new',
      'bpf_iter_task_vma_next',
      'bpf_dynptr_slice',
      'bpf_cast_to_kern_ctx',
      'bpf_rdonly_cast',
      'bpf_obj_new_impl',
      'bpf_cpumask_create',
      'bpf_key_put',
    ])
      expect(isChangingKfunc(name), name).toBe(false);
    for (const name of [
      'crash_kexec',
      'bpf_send_signal_task',
      'bpf_sock_destroy',
      'bpf_lookup_user_key',
      'bpf_iter_num_new_',
      'x bpf_iter_num_new',
      'bpf_something_new',
      '#4711',
      '',
    ])
      expect(isChangingKfunc(name), name).toBe(true);
    expect(reasonText('kfunc:crash_kexec')).toContain('crashes this system');
    expect(reasonText('kfunc:bpf_something_new')).toContain('not known to only observe');
  });
});

describe('consent', () => {
  const both: ProgramReasons = {
    program: 'guard',
    section: 'lsm/file_open',
    reasons: reasonsOf(
      facts({
        type: { program: programTypeNumber('lsm'), attach: attachTypeNumber('lsm_mac') },
        helpers: [1, 109],
        kfuncs: ['bpf_task_acquire', 'bpf_set_dentry_xattr'],
      }),
    ),
  };

  it('needs every reason of a program, as text', () => {
    expect(both.reasons).toEqual(['type:lsm', 'helper:bpf_send_signal', 'kfunc:bpf_set_dentry_xattr']);
    expect(consentLine(both)).toBe(
      'guard (lsm/file_open) may refuse what processes ask the kernel for; sends signals to processes (it calls bpf_send_signal); ' +
        'changes attributes of files (it calls the kernel function bpf_set_dentry_xattr)',
    );
    expect(reasonsOf(facts({ helpers: [14, 130], kfuncs: ['bpf_rcu_read_lock'] }))).toEqual([]);
    // A section nobody knows: what it calls counts all the same.
    expect(reasonsOf(facts({ type: null, helpers: [36] }))).toEqual(['helper:bpf_probe_write_user']);
  });

  it('to one program is none to another, and none to what it did not name', () => {
    const other: ProgramReasons = { ...both, program: 'other', reasons: ['type:lsm'] };
    expect(withoutConsent([both, other], [{ program: 'guard', reasons: ['type:lsm'] }])).toEqual([
      { ...both, reasons: ['helper:bpf_send_signal', 'kfunc:bpf_set_dentry_xattr'] },
      other,
    ]);
    expect(withoutConsent([both, other], [both, other])).toEqual([]);
  });
});
