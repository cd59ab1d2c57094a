/** What a tracer is tried with: each row is what a session does, the capabilities it is to get, and how the kernel refuses less. */
import type { Capability } from '../../../src/session/elevation/capabilities';
import type { AttachOverride } from '../../../src/shared/protocol/tracer';

export interface CapabilityRow {
  readonly name: string;
  /** File below programs/. */
  readonly object: string;
  readonly programs: readonly string[];
  /** Left out: as the section says. */
  readonly attach?: AttachOverride;
  /** The attach point is to be one process's, which runs as root. */
  readonly ofProcess?: true;
  /** Loaded only, as `bpfw verify` does. */
  readonly loadOnly?: true;
  readonly guarded?: true;
  /** kernel.perf_event_paranoid meanwhile; 3, Debian's default, unless said. */
  readonly paranoid?: 2;
  /** kernel.bpf_stats_enabled meanwhile. */
  readonly runTimeMeasured?: true;
  /** Kernels with CONFIG_FPROBE: Debian's 6.12 and not its 6.1. */
  readonly needsFprobe?: true;
  /** The capabilities, and the error without each: code and errno. 'works': needed by other programs of the kind only. */
  readonly capabilities: Partial<Record<Capability, string>>;
}

const EPERM = 'not-permitted EPERM';
const EACCES = 'not-permitted EACCES';
const LOAD = { bpf: EPERM, perfmon: EPERM } as const;

/** The attach points that go through perf_event_open, at both settings of kernel.perf_event_paranoid. */
function viaPerf(
  name: string,
  row: Pick<CapabilityRow, 'object' | 'programs' | 'attach' | 'ofProcess'>,
): CapabilityRow[] {
  return [
    { name: `${name}, paranoid 2`, ...row, paranoid: 2, capabilities: LOAD },
    { name: `${name}, paranoid 3`, ...row, capabilities: { sys_admin: EACCES } },
  ];
}

/** These want CAP_SYS_ADMIN at either setting. */
const userProbe = (...of: Parameters<typeof viaPerf>): CapabilityRow[] =>
  viaPerf(...of).map(row => ({ ...row, capabilities: { sys_admin: EACCES } }));

const loads = (
  name: string,
  program: string,
  capabilities: CapabilityRow['capabilities'],
): CapabilityRow => ({
  name: `load ${name}`,
  object: 'budget',
  programs: [program],
  loadOnly: true,
  capabilities,
});

/** Every type that wants CAP_NET_ADMIN, and those next to them that do not. */
const NETWORK = [
  ...['xdp', 'tc', 'action', 'lwt_in', 'lwt_out', 'lwt_xmit', 'lwt_seg6local', 'sockops', 'stream_parser'],
  ...['sk_skb', 'sk_msg', 'flow_dissector', 'cgroup_dev', 'cgroup_sock', 'cgroup_connect'],
  ...['cgroup_getsockopt', 'cgroup_sysctl'],
];
const NO_NETWORK = ['socket', 'sk_lookup', 'sk_reuseport', 'cgroup_skb', 'cgroup_skb_old'];

/** `binary`: the workload; `offset` of its function. */
export function capabilityRows(binary: string, offset: string): CapabilityRow[] {
  const uprobe = {
    kind: 'uprobe',
    path: binary,
    offset,
    pid: 0,
    semaphoreOffset: '0',
    return: false,
  } as const;
  const usdt = { kind: 'usdt', path: binary, provider: 'bpfw', probe: 'hit', pid: 0 } as const;
  const kinds = (program: string, attach?: AttachOverride) => ({
    object: 'kinds',
    programs: [program],
    ...(attach ? { attach } : {}),
  });
  const own = (program: string) => ({ object: 'budget', programs: [program] });
  return [
    {
      name: 'verify: kprobe, tracepoint, uprobe, perf_event …',
      object: 'kinds',
      programs: ['on_kprobe', 'on_ksyscall', 'on_tracepoint', 'on_uprobe', 'on_usdt', 'on_perf_event'],
      loadOnly: true,
      capabilities: LOAD,
    },
    // Programs without kernel addresses would load without CAP_PERFMON; the next two would not.
    ...NO_NETWORK.map(kind => loads(kind, `on_${kind}`, { bpf: EPERM, perfmon: 'works' })),
    loads('a socket filter that keeps an address', 'keeps_address', {
      bpf: EPERM,
      perfmon: 'verifier-rejected EACCES',
    }),
    loads('an XDP program that keeps an address', 'network_keeps_address', {
      bpf: EPERM,
      perfmon: 'verifier-rejected EACCES',
      net_admin: EPERM,
    }),
    ...NETWORK.map(kind => loads(kind, `on_${kind}`, { bpf: EPERM, perfmon: 'works', net_admin: EPERM })),
    {
      name: 'a socket map',
      object: 'network-map',
      programs: ['has_network_map'],
      capabilities: { ...LOAD, net_admin: EPERM },
    },
    loads('bpf_probe_write_user', 'writes_user', { sys_admin: 'verifier-rejected EINVAL' }),
    loads('raw_tp.w', 'on_writable', LOAD),
    loads('iter', 'on_iter', LOAD),
    { name: 'raw_tp', ...own('on_raw_tp'), capabilities: LOAD },
    { name: 'tp_btf', ...kinds('on_tp_btf'), capabilities: LOAD },
    { name: 'fentry', ...own('on_fentry'), capabilities: LOAD },
    { name: 'fexit', ...own('on_fexit'), capabilities: LOAD },
    { name: 'fmod_ret', ...own('on_fmod_ret'), capabilities: LOAD },
    { name: 'lsm', ...own('on_lsm'), capabilities: LOAD },
    { name: 'fentry of a module', ...own('on_module'), capabilities: { sys_admin: EPERM } },
    {
      name: 'kprobe.multi',
      ...own('on_multi'),
      needsFprobe: true,
      capabilities: { ...LOAD, syslog: 'attach-failed EINVAL' },
    },
    ...viaPerf('kprobe', kinds('on_kprobe')),
    ...viaPerf('kretprobe', kinds('on_kretprobe')),
    ...viaPerf('ksyscall', kinds('on_ksyscall')),
    ...userProbe('uprobe', kinds('on_uprobe', uprobe)),
    ...userProbe('uprobe of a process of another user', { ...kinds('on_uprobe', uprobe), ofProcess: true }),
    ...userProbe('uretprobe', kinds('on_uretprobe', { ...uprobe, return: true })),
    ...userProbe('uprobe section', kinds('on_uprobe_section')),
    ...userProbe('usdt', kinds('on_usdt', usdt)),
    ...userProbe('usdt of a process of another user', { ...kinds('on_usdt', usdt), ofProcess: true }),
    ...viaPerf(
      'perf_event',
      kinds('on_perf_event', {
        kind: 'perf',
        // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK
        type: 1,
        config: '0',
        frequencyHz: 49,
        cpu: -1,
        pid: 0,
        branchSampleType: '0',
      }),
    ),
    ...viaPerf('perf buffer', { object: 'perf-buffer', programs: ['to_perf_buffer'] }),
    {
      name: 'tracepoint, paranoid 2',
      ...kinds('on_tracepoint'),
      paranoid: 2,
      capabilities: { ...LOAD, dac_read_search: EACCES },
    },
    {
      name: 'tracepoint, paranoid 3',
      ...kinds('on_tracepoint'),
      capabilities: { sys_admin: EACCES, dac_read_search: EACCES },
    },
    {
      name: 'bpf_printk',
      object: 'prints',
      programs: ['prints'],
      capabilities: { ...LOAD, dac_read_search: 'not-permitted' },
    },
    {
      name: 'naming kernel addresses',
      object: 'kernel-address',
      programs: ['counts_function'],
      capabilities: { ...LOAD, syslog: 'zeros' },
    },
    { name: 'overhead guard', ...own('on_fentry'), guarded: true, capabilities: { sys_admin: EPERM } },
    {
      name: 'overhead guard where the kernel measures anyway',
      ...own('on_fentry'),
      guarded: true,
      runTimeMeasured: true,
      capabilities: LOAD,
    },
  ];
}
