import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

const w_net = workloadPath('w_net');
/** 127.0.0.1 as the number it is in network byte order. */
const LOOPBACK = 0x7f000001;
/** The loopback interface is a network namespace's first. */
const LO_IFINDEX = '1';

describe('dddos', () => {
  const parameters = { max_gap_us: '1000000', threshold: '1000', repeat: '200', target_ifindex: LO_IFINDEX };
  const alerts = [1001, 1201, 1401];

  it('alerts when the threshold is crossed, and now and then from there on', async () => {
    const result = await trace({ program: 'dddos', parameters, command: [w_net, 'udp', '1500'] });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['tp_btf/netif_receive_skb']);
    expect(result.counters.packets_seen).toBe(1500);
    expect(result.events.map(event => Number(event.packets))).toEqual(alerts);
    for (const event of result.events)
      expect(event).toMatchObject({ family: 2, saddr: LOOPBACK, ifindex: Number(LO_IFINDEX) });
  });

  it('sees the same packets where the original did', async () => {
    const result = await trace({
      program: 'dddos',
      parameters,
      command: [w_net, 'udp', '1500'],
      without: ['packet_in', 'packet_in_classic', 'ip_rcv_core_called'],
    });
    expect(result.attached).toEqual(['kprobe/ip_rcv']);
    expect(result.counters.packets_seen).toBe(1500);
    expect(result.events.map(event => Number(event.packets))).toEqual(alerts);
  });
});

describe('nflatency', () => {
  const INET_HOOKS = [0, 1, 3, 4];

  beforeAll(async () => {
    const guest = await sharedGuest();
    await guest.run(['nft', '-f', '-'], {
      input: `table inet bpfw_test {
        ${['prerouting', 'input', 'output', 'postrouting']
          .map(hook => `chain ${hook} { type filter hook ${hook} priority 0; policy accept; }`)
          .join('\n')}
      }\n`,
    });
    expect(await guest.sh('nft list tables')).toBe('table inet bpfw_test\n');
  });
  afterAll(async () => {
    const guest = await sharedGuest();
    await guest.sh('nft delete table inet bpfw_test');
  });

  it.each([
    [['fentry/nf_hook_slow', 'fexit/nf_hook_slow'], []],
    [['kprobe/nf_hook_slow', 'kretprobe/nf_hook_slow'], ['hook_begins']],
  ])('counts each packet at each hook: %s', async (attached, without) => {
    const result = await trace({
      program: 'nflatency',
      parameters: { target_family: 'pf_ipv4' },
      command: [w_net, 'udp', '500'],
      without,
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(attached);
    const totals = result.histograms.map(({ key, total }) => ({ key, total }));
    totals.sort((a, b) => Number(a.key?.hook) - Number(b.key?.hook));
    expect(totals).toEqual(INET_HOOKS.map(hook => ({ key: { family: 2, hook, packet: 0 }, total: 500 })));
    expect(result.counters.calls_missed).toBe(0);
    if (without.length === 0)
      expect(result.counters).toMatchObject({ packets_accepted: 2000, packets_dropped: 0 });
  });
});

describe('tcpv4connect', () => {
  const TO = { daddr: LOOPBACK, dport: 7777 };

  it('has an event for each connection, and for those that fail', async () => {
    const result = await trace({
      program: 'tcpv4connect',
      command: ['sh', '-c', `${w_net} tcp 20 && ${w_net} unreach 1`],
      wholeSystem: true,
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['fexit/tcp_v4_connect']);
    expect(result.events).toHaveLength(21);
    const connected = result.events.slice(0, 20);
    for (const event of connected)
      expect(event).toMatchObject({ ...TO, saddr: LOOPBACK, ret: 0, comm: 'w_net' });
    expect(new Set(connected.map(event => event.sport)).size).toBe(20);
    // 203.0.113.9, ENETUNREACH: the socket has no address then, what was asked for has.
    expect(result.events[20]).toMatchObject({ daddr: 0xcb007109, dport: 80, ret: -101 });
  });

  it('has the same through kprobes', async () => {
    const result = await trace({
      program: 'tcpv4connect',
      command: [w_net, 'mapped', '20'],
      without: ['connect_ends'],
    });
    expect(result.attached).toEqual(['kprobe/tcp_v4_connect', 'kretprobe/tcp_v4_connect']);
    expect(result.events).toHaveLength(20);
    for (const event of result.events) expect(event).toMatchObject({ ...TO, ret: 0, pid: result.pid });
  });
});

describe('undump', () => {
  it('shows what each read got, also of a message read in parts', async () => {
    const result = await trace({
      program: 'undump',
      command: ['sh', '-c', `${w_net} unix 2 && ${w_net} unixpart 1 && ${w_net} unixpeek 1`],
      wholeSystem: true,
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['fentry/unix_stream_read_actor']);
    const reads = result.events.filter(event => event.comm === 'w_net');
    expect(
      reads.map(({ len, offset, chunk, captured, peek, text }) => ({
        len,
        offset,
        chunk,
        captured,
        peek,
        text,
      })),
    ).toEqual([
      ...['hello-unix-01', 'hello-unix-02'].map(text => ({
        len: 13,
        offset: 0,
        chunk: 13,
        captured: 13,
        peek: false,
        text,
      })),
      ...Array.from({ length: 10 }, (_, part) => ({
        len: 100,
        offset: part * 10,
        chunk: 10,
        captured: 10,
        peek: false,
        text: '0123456789',
      })),
      ...[true, false].map(peek => ({
        len: 13,
        offset: 0,
        chunk: 13,
        captured: 13,
        peek,
        text: 'hello-unix-01',
      })),
    ]);
    // What was read, not the rest of the record's array.
    for (const { text, data } of reads) expect(data).toEqual(new TextEncoder().encode(String(text)));
  });
});
