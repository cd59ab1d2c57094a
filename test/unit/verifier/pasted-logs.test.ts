/**
 * Logs as people paste them: what loaders, loggers, test runners and terminals put around the kernel's lines. Each has to get
 * its kind and its program, and no sentence but one that the kernel or the loader printed.
 */
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const STATISTICS =
  'processed 6 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0';
const NULL_SENTENCE = "R0 invalid mem access 'map_value_or_null'";
const NULL_STEPS = `0: R1=ctx(off=0,imm=0) R10=fp0
; __u32 key = 0;
0: (b7) r1 = 0                        ; R1_w=0
1: (63) *(u32 *)(r10 -4) = r1         ; R1_w=0 R10=fp0 fp-8=0000????
2: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
; *hits += 1;
3: (79) r1 = *(u64 *)(r0 +0)`;
const NULL_LOG = `${NULL_STEPS}
${NULL_SENTENCE}
${STATISTICS}`;
const PACKET_LOG = `0: (61) r1 = *(u32 *)(r1 +0)
1: (71) r1 = *(u8 *)(r1 +23)
invalid access to packet, off=23 size=1, R1(id=0,off=23,r=0)
R1 offset is outside of the packet
${STATISTICS}`;
/** 5.x: the state follows on a line of its own. */
const OLD_LOG = `0: (bf) r6 = r1
1: (85) call bpf_map_lookup_elem#1
2: (79) r9 = *(u64 *)(r0 +0)
 R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0) R6=ctx(id=0,off=0,imm=0) R10=fp0
${NULL_SENTENCE}
${STATISTICS}`;

const each = (text: string, change: (line: string) => string) => text.split('\n').map(change).join('\n');
const indented = (text: string, by: string) => each(text, line => by + line);

interface Paste {
  readonly text: string;
  /** code, program and the sentence with its reporter, of each explanation. */
  readonly found: readonly (readonly [code: string, program: string | null, sentence: string, by: string])[];
}

const NULL_FOUND = (program: string | null): Paste['found'] => [
  ['unchecked-map-value', program, NULL_SENTENCE, 'kernel'],
];
const PACKET_FOUND = (program: string | null): Paste['found'] => [
  [
    'unchecked-packet-access',
    program,
    'invalid access to packet, off=23 size=1, R1(id=0,off=23,r=0)',
    'kernel',
  ],
];

const PASTES: Readonly<Record<string, Paste>> = {
  'ebpf-go, on one line': {
    text: `2024/03/05 10:11:12 loading objects: field CountHits: program count_hits: load program: permission denied: 3: (79) r1 = *(u64 *)(r0 +0): ${NULL_SENTENCE} (9 line(s) omitted)\nexit status 1`,
    found: NULL_FOUND('count_hits'),
  },
  'ebpf-go, one line without an instruction': {
    text: `FATA[0000] loading objects: field Run: program run: load program: invalid argument: back-edge from insn 9 to 4 (12 line(s) omitted)`,
    found: [['loop-not-bounded', 'run', 'back-edge from insn 9 to 4', 'kernel']],
  },
  'ebpf-go, one line with the function before the context': {
    text: `load program: permission denied: func 'vfs_read' doesn't have 7-th argument: invalid bpf_context access off=56 size=8 (4 line(s) omitted)`,
    found: [['invalid-context-access', null, "func 'vfs_read' doesn't have 7-th argument", 'kernel']],
  },
  'ebpf-go with %+v': {
    text: `panic: field CountHits: program count_hits: load program: permission denied:\n\t(3 line(s) omitted)\n${indented(NULL_LOG, '\t')}\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:31 +0x1d`,
    found: NULL_FOUND('count_hits'),
  },
  'ebpf-go, both forms in a test’s output': {
    text: `=== RUN   TestLoad\n    load_test.go:41: program count_hits: load program: permission denied: 3: (79) r1 = *(u64 *)(r0 +0): ${NULL_SENTENCE} (9 line(s) omitted)\n    load_test.go:44: Verifier error: load program: permission denied:\n${indented(NULL_LOG, '        \t')}\n--- FAIL: TestLoad (0.02s)\nFAIL\nexit status 1`,
    found: NULL_FOUND('count_hits'),
  },
  'ebpf-go of 2020, the whole log after the errno': {
    text: `2020/05/01 10:00:00 creating collection: program count_hits: can't load program: permission denied: ${NULL_LOG}\nexit status 1`,
    found: NULL_FOUND('count_hits'),
  },
  'ebpf-go, truncated': {
    text: `field Run: program run: load program: permission denied: ${NULL_SENTENCE} (truncated, 912 line(s) omitted)`,
    found: NULL_FOUND('run'),
  },
  'ebpf-go without a log': {
    text: 'can’t start: loading objects: field OnOpen: program on_open: load program: argument list too long',
    found: [['too-many-instructions', 'on_open', 'load program: argument list too long', 'ebpf-go']],
  },
  'ebpf-go without rights': {
    text: 'field Events: map events: map create: operation not permitted (MEMLOCK may be too low, consider rlimit.RemoveMemlock)',
    found: [
      [
        'permission-denied',
        null,
        'map events: map create: operation not permitted (MEMLOCK may be too low, consider rlimit.RemoveMemlock)',
        'ebpf-go',
      ],
    ],
  },
  'ebpf-go, attach target': {
    text: 'program on_forward: attach Tracing/TraceFEntry: find target in vmlinux: type func named br_forward: not found',
    found: [
      [
        'attach-target-missing',
        'on_forward',
        'program on_forward: attach Tracing/TraceFEntry: find target in vmlinux: type func named br_forward: not found',
        'ebpf-go',
      ],
    ],
  },
  'JSON of a Go logger, one line': {
    text: JSON.stringify({
      level: 'error',
      ts: 1709633472.1,
      caller: 'probe/load.go:88',
      msg: 'cannot start the collector',
      error: `field A: program on_open: load program: permission denied: ${NULL_SENTENCE} (40 line(s) omitted)`,
    }),
    found: NULL_FOUND('on_open'),
  },
  'JSON with the whole log in a member': {
    text: `starting\n${JSON.stringify({ level: 'error', program: 'count_hits', log: NULL_LOG })}\nstopped`,
    found: NULL_FOUND('count_hits'),
  },
  'JSON, printed over several lines': {
    text: JSON.stringify({ error: { stage: 'load', verifier_log: NULL_LOG.split('\n') } }, null, 2),
    found: NULL_FOUND(null),
  },
  'JSON whose < and > a Go encoder has escaped': {
    text: JSON.stringify({ msg: `load program: permission denied:\n\t${NULL_LOG.replace(/\n/g, '\n\t')}` })
      .replace(/</g, '\\u003c')
      .replace(/>/g, '\\u003e'),
    found: NULL_FOUND(null),
  },
  'JSON lines, each one of the log’s': {
    text: each(NULL_LOG, line => JSON.stringify({ time: '2024-03-05T10:11:12Z', level: 'warn', msg: line })),
    found: NULL_FOUND(null),
  },
  'JSON that was cut off': {
    text: `${JSON.stringify({ level: 'error', error: `program p: load program: permission denied:\n\t${NULL_LOG.replace(/\n/g, '\n\t')}\nmore` }).slice(0, -20)}`,
    found: NULL_FOUND('p'),
  },
  'logfmt, a line for each of the log’s': {
    text: `level=info msg="Setting up BPF datapath" subsys=loader\n${each(
      `libbpf: load bpf program failed: Permission denied\nlibbpf: -- BEGIN DUMP LOG ---\nlibbpf: \n${OLD_LOG}\n\nlibbpf: -- END LOG --\nlibbpf: failed to load program 'from_container'`,
      line => `level=warning msg="${line.replace(/"/g, '\\"')}" subsys=loader`,
    )}`,
    found: NULL_FOUND('from_container'),
  },
  'logfmt, the log in one value': {
    text: `time=2024-03-05T10:11:12.000Z level=ERROR msg="loading failed" \ntime=2024-03-05T10:11:12.001Z level=ERROR msg="program tail_ipv4: load program: permission denied:\\n\\t${NULL_LOG.replace(/\n/g, '\\n\\t')}"`,
    found: NULL_FOUND('tail_ipv4'),
  },
  'logrus with its time stamps': {
    text: `INFO[0000] Starting agent v0.3\n${each(`BPF program is too large. Processed 1000001 insn\nprocessed 1000001 insns (limit 1000000) max_states_per_insn 99 total_states 59623 peak_states 3386 mark_read 201`, line => `ERRO[0045] ${line}`)}\nERRO[0045] Failed to start agent controller: failed to load perf_unwind`,
    found: [['too-many-instructions', null, 'BPF program is too large. Processed 1000001 insn', 'kernel']],
  },
  'time stamps of a CI runner': {
    text: each(
      `##[group]Run sudo ./load\nlibbpf: prog 'count_hits': BPF program load failed: Permission denied\nlibbpf: prog 'count_hits': -- BEGIN PROG LOAD LOG --\n${NULL_LOG}\n-- END PROG LOAD LOG --\nlibbpf: prog 'count_hits': failed to load: -13`,
      (line, at = 1) => `2024-03-05T10:11:12.${1000000 + line.length * at}Z ${line}`,
    ),
    found: NULL_FOUND('count_hits'),
  },
  journalctl: {
    text: each(NULL_LOG, line => `Mar 05 10:11:12 host-1 agent[1234]: ${line}`),
    found: NULL_FOUND(null),
  },
  'docker compose': {
    text: `agent-1  | starting\n${each(NULL_LOG, line => `agent-1  | ${line}`)}\nagent-1 exited with code 1`,
    found: NULL_FOUND(null),
  },
  'klog of a Kubernetes agent': {
    text: each(PACKET_LOG, line => `E0305 10:11:12.345678    4321 loader.go:118] ${line}`),
    found: PACKET_FOUND(null),
  },
  'a quotation in Markdown': {
    text: `It fails:\n> \`\`\`\n${each(NULL_LOG, line => `> ${line}`)}\n> \`\`\`\nAny idea?`,
    found: NULL_FOUND(null),
  },
  'a fenced block with the command before it': {
    text: `\`\`\`console\n$ sudo ./hello\n# ./hello -v\n${NULL_LOG}\n\`\`\`\nThanks!`,
    found: NULL_FOUND(null),
  },
  'colours of a terminal': {
    text: each(NULL_LOG, line => `\u001b[31m${line}\u001b[0m`),
    found: NULL_FOUND(null),
  },
  'indented by four blanks': { text: indented(OLD_LOG, '    '), found: NULL_FOUND(null) },
  'line ends of Windows': { text: NULL_LOG.replace(/\n/g, '\r\n'), found: NULL_FOUND(null) },
  'aya, on its own line': {
    text: `   Compiling xdp-hello-common v0.1.0 (/src/xdp-hello-common)\n    Finished dev [unoptimized + debuginfo] target(s) in 3.21s\nError: the BPF_PROG_LOAD syscall failed. Verifier output: ${PACKET_LOG}\n\n\nCaused by:\n    Permission denied (os error 13)`,
    found: PACKET_FOUND(null),
  },
  'aya in a chain of causes': {
    text: `Error: cannot load program xdp_hello\n\nCaused by:\n    0: the BPF_PROG_LOAD syscall returned Permission denied (os error 13). Verifier output: ${PACKET_LOG.replace(/\n/g, '\n       ')}\n    1: Permission denied (os error 13)`,
    found: PACKET_FOUND(null),
  },
  'aya’s error with {:?}': {
    text: `thread 'main' panicked: LoadError { io_error: Os { code: 13, kind: PermissionDenied, message: "Permission denied" }, verifier_log: VerifierLog("${PACKET_LOG.replace(/\n/g, '\\n')}\\n") }`,
    found: PACKET_FOUND(null),
  },
  'aya without instructions': {
    text: `Error: the BPF_PROG_LOAD syscall failed. Verifier output: last insn is not an exit or jmp\nprocessed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n\nCaused by:\n    Invalid argument (os error 22)`,
    found: [['missing-exit', null, 'last insn is not an exit or jmp', 'kernel']],
  },
  'aya’s function information': {
    text: `Error: the BPF_PROG_LOAD syscall failed. Verifier output: number of funcs in func_info doesn't match number of subprogs\nprocessed 0 insns (limit 1000000)\n\nCaused by:\n    Invalid argument (os error 22)`,
    found: [
      [
        'function-info-mismatch',
        null,
        "number of funcs in func_info doesn't match number of subprogs",
        'kernel',
      ],
    ],
  },
  'aya, types refused': {
    text: `Error: the BPF_BTF_LOAD syscall failed. Verifier output: magic: 0xeb9f\nversion: 1\nflags: 0x0\nhdr_len: 24\n[1] PTR (anon) type_id=2\n[2] STRUCT Foo<u32> size=4 vlen=1 Invalid name\n\nCaused by:\n    Invalid argument (os error 22)`,
    found: [['btf-rejected', null, '[2] STRUCT Foo<u32> size=4 vlen=1 Invalid name', 'kernel']],
  },
  'bcc with its hint and Python’s traceback': {
    text: `bpf: Failed to load program: Permission denied\n${OLD_LOG}\n\nHINT: The 'map_value_or_null' error can happen if you dereference a pointer value from a map lookup without first checking if that pointer is NULL.\n\nTraceback (most recent call last):\n  File "./slow.py", line 60, in <module>\n    b.attach_kprobe(event="vfs_read", fn_name="on_read")\n  File "/usr/lib/python3/dist-packages/bcc/__init__.py", line 522, in load_func\n    raise Exception("Failed to load BPF program %s: %s" %\nException: Failed to load BPF program b'on_read': Permission denied`,
    found: NULL_FOUND('on_read'),
  },
  'bcc without a log': {
    text: 'Traceback (most recent call last):\n  File "./slow.py", line 60, in <module>\nException: Failed to load BPF program b\'on_read\': Invalid argument',
    found: [['log-missing', 'on_read', "Failed to load BPF program b'on_read': Invalid argument", 'bcc']],
  },
  'bcc, too many instructions for its kernel': {
    text: "bpf: Program on_read too large (5120 insns), at most 4096 insns\n\nFailed to load BPF program b'on_read': Invalid argument",
    found: [
      ['program-too-large', 'on_read', 'Program on_read too large (5120 insns), at most 4096 insns', 'bcc'],
    ],
  },
  'bpftrace -v': {
    text: `INFO: node count: 12\nAttaching 1 probe...\n\nError log: \n${OLD_LOG}\n\nERROR: Error loading program: kprobe:vfs_read`,
    found: NULL_FOUND('kprobe:vfs_read'),
  },
  'bpftrace of later versions': {
    text: `Attaching 1 probe...\nERROR: Error loading BPF program for kprobe_vfs_read_1.\nKernel error log:\n${OLD_LOG}\n\nERROR: Loading BPF object(s) failed.`,
    found: NULL_FOUND('kprobe_vfs_read_1'),
  },
  'tc of iproute2': {
    text: `\nProg section 'classifier/egress' rejected: Permission denied (13)!\n - Type:         3\n - Attach Type:  0\n - Instructions: 35 (0 over limit)\n - License:      GPL\n\nVerifier analysis:\n\n${PACKET_LOG}\n\nError fetching program/map!\nUnable to load program`,
    found: PACKET_FOUND('classifier/egress'),
  },
  'tc whose types the kernel refuses as well': {
    text: `BTF debug data section '.BTF' rejected: Invalid argument (22)!\n - Length:       8151\nVerifier analysis:\n\nmagic: 0xeb9f\nversion: 1\n[1] PTR (anon) type_id=2\n[2] STRUCT trigger size=4 vlen=1\n\tseq_raw type_id=10 bits_offset=0\n[3] DATASEC .maps size=0 vlen=3 size == 0\n\n\nProg section 'tc' rejected: Permission denied (13)!\n - Type:         3\n\nVerifier analysis:\n\n${PACKET_LOG}\n\nError fetching program/map!`,
    found: PACKET_FOUND('tc'),
  },
  bpftool: {
    text: `libbpf: loading object from hello.bpf.o\nlibbpf: prog 'count_hits': BPF program load failed: Permission denied\nlibbpf: prog 'count_hits': -- BEGIN PROG LOAD LOG --\nreg type unsupported for arg#0 function count_hits#12\n${NULL_LOG}\n-- END PROG LOAD LOG --\nlibbpf: prog 'count_hits': failed to load: -13\nlibbpf: failed to load object 'hello.bpf.o'\nError: failed to load object file`,
    found: NULL_FOUND('count_hits'),
  },
  'veristat, two programs and its table': {
    text: `Processing 'hello.bpf.o'...\nPROCESSING hello.bpf.o/first, DURATION US: 52, VERDICT: failure, VERIFIER LOG:\n${NULL_LOG}\n\nPROCESSING hello.bpf.o/second, DURATION US: 31, VERDICT: failure, VERIFIER LOG:\n${PACKET_LOG}\n\nFile         Program  Verdict  Duration (us)  Insns  States\n-----------  -------  -------  -------------  -----  ------\nhello.bpf.o  first    failure             52      6       0`,
    found: [...NULL_FOUND('first'), ...PACKET_FOUND('second')],
  },
  'libbpf, several programs': {
    text: ['one', 'two']
      .map(
        name =>
          `libbpf: prog '${name}': BPF program load failed: Permission denied\nlibbpf: prog '${name}': -- BEGIN PROG LOAD LOG --\n${NULL_LOG}\n-- END PROG LOAD LOG --\nlibbpf: prog '${name}': failed to load: -13`,
      )
      .join('\n'),
    found: [...NULL_FOUND('one'), ...NULL_FOUND('two')],
  },
  libscap: {
    text: `-- BEGIN PROG LOAD LOG --\n${NULL_LOG}\n\n-- END PROG LOAD LOG --\nlibscap: bpf_load_program() event=raw_tracepoint/filler/sys_open_x: Operation not permitted (1)`,
    found: NULL_FOUND('raw_tracepoint/filler/sys_open_x'),
  },
  'libscap, whose log ends without a complaint': {
    text: `-- BEGIN PROG LOAD LOG --\nprocessed 43798 insns (limit 1000000) max_states_per_insn 1 total_states 4061 peak_states 4061 mark_read 1921\n\n-- END PROG LOAD LOG --\nMon Oct 16 09:06:37 2023: Closing event source 'syscall'\nError: libscap: bpf_load_program() event=raw_tracepoint/filler/sys_close_x: Operation not permitted`,
    found: [
      [
        'permission-denied',
        'raw_tracepoint/filler/sys_close_x',
        'libscap: bpf_load_program() event=raw_tracepoint/filler/sys_close_x: Operation not permitted',
        'libscap',
      ],
    ],
  },
  'logfmt with the reason in another value than msg': {
    text: `agent level=info msg="Load probe" Program=/lib/x.o\nagent level=fatal msg="Failed to start" error="sensor: program event_exec: load program: invalid argument: invalid func unknown#195896080 (2581 line(s) omitted)"`,
    found: [['core-relocation-failed', 'event_exec', 'invalid func unknown#195896080', 'kernel']],
  },
  'time stamps and the name of a stream': {
    text: each(
      PACKET_LOG,
      line => `2023-02-16T13:37:38.${1000000 + line.length}Z [            ] stderr: ${line}`,
    ),
    found: PACKET_FOUND(null),
  },
  'states and the next instruction on one line (4.14)': {
    text: `1256 to 2592: R0=inv(id=0) R8=inv(id=0) R10=fp0 fp-248=map_value 2592: (79) r7 = *(u64 *)(r10 -248)\n2593: (15) if r8 == 0x0 goto pc-1329\n R0=inv(id=0) R8=inv(id=0) R10=fp0\n2594: (71) r4 = *(u8 *)(r8 +59)\nR8 invalid mem access 'inv'\n\nHINT: The invalid mem access 'inv' error can happen\n\n[2024-03-27T06:20:40.061Z INFO  agent] [eBPF] WARNING: load_obj__progs() bcc_prog_load() failed. name: on_headers, Permission denied`,
    found: [['invalid-memory-access', 'on_headers', "R8 invalid mem access 'inv'", 'kernel']],
  },
  'another program’s name before libbpf’s': {
    text: "[libs]: libbpf: prog 'sys_exit': BPF program load failed: Invalid argument\n[libs]: libbpf: prog 'sys_exit': failed to load: -22\n[libs]: libpman: failed to load BPF object (errno: 22 | message: Invalid argument)",
    found: [
      ['log-missing', 'sys_exit', "prog 'sys_exit': BPF program load failed: Invalid argument", 'libbpf'],
    ],
  },
  'a selftest': {
    text: `run_subtest:FAIL:unexpected_load_success unexpected success: 0\nVERIFIER LOG:\n=============\n${NULL_LOG}\n=============\n#401/3   verifier_map:FAIL\nSummary: 0/2 PASSED, 0 SKIPPED, 1 FAILED`,
    found: NULL_FOUND(null),
  },
  'cut off at the beginning': {
    text: `ize=8\n 1_w=0 R10=fp0 fp-8=0000????\n${NULL_LOG.split('\n').slice(4).join('\n')}`,
    found: NULL_FOUND(null),
  },
  'cut off at the end': {
    text: `${NULL_STEPS}\nfp-48=mmmmmmmm fp-56=mmmmmmmm`,
    found: [['log-truncated', null, '', '']],
  },
  'cut off at the end, the build’s next line below': {
    text: `${NULL_STEPS}\nmake: *** [Makefile:12: run] Error 1\nloading object from hello.bpf.o\n# ./hello`,
    found: [['log-truncated', null, '', '']],
  },
  'the sentence alone': { text: `${NULL_SENTENCE}\n`, found: NULL_FOUND(null) },
  'states that a terminal has wrapped': {
    text: `0: (79) r6 = *(u64 *)(r1 +8)          ; R1=ctx(off=0,imm=0) R6_w=scalar(smin=0,\numax=18446744073709551615,var_off=(0x0; 0xffffffffffffffff)) R10=fp0\nfp-48=mmmmmmmm fp-56=mmmmmmmm\n1: (79) r1 = *(u64 *)(r6 +0)\nR6 invalid mem access 'scalar'\n${STATISTICS}`,
    found: [['invalid-memory-access', null, "R6 invalid mem access 'scalar'", 'kernel']],
  },
  'a sentence of a kernel nobody has seen yet': {
    text: `${NULL_STEPS}\nR0 does not please this kernel\n${STATISTICS}`,
    found: [['verifier-rejected', null, 'R0 does not please this kernel', 'kernel']],
  },
  'attempts to use a token, before the failure': {
    text: `libbpf: object 'hello': failed to create BPF token from '/sys/fs/bpf': Operation not permitted, skipping optional step...\nlibbpf: elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+\nError: failed to open object file`,
    found: [
      [
        'legacy-map-definition',
        null,
        "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
        'libbpf',
      ],
    ],
  },
  'types that are optional, before the failure': {
    text: `libbpf: -- BEGIN BTF LOAD LOG ---\nmagic: 0xeb9f\nversion: 1\n[1] INT int size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[14] Invalid kind:13\n-- END BTF LOAD LOG --\nlibbpf: Error loading .BTF into kernel: -22. BTF is optional, ignoring.\nlibbpf: prog 'count_hits': -- BEGIN PROG LOAD LOG --\n${OLD_LOG}\n-- END PROG LOAD LOG --`,
    found: NULL_FOUND('count_hits'),
  },
  'types that are needed': {
    text: `libbpf: BTF loading error: -22\nlibbpf: -- BEGIN BTF LOAD LOG ---\nmagic: 0xeb9f\nversion: 1\n[14] Invalid kind:13\n-- END BTF LOAD LOG --\nlibbpf: Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.`,
    found: [['btf-rejected', null, '[14] Invalid kind:13', 'kernel']],
  },
  'a void * of a global function': {
    text: `Validating sum() func#1...\narg#0 reference type('UNKNOWN ') size cannot be determined: -22\n${STATISTICS}`,
    found: [
      [
        'invalid-function-arguments',
        null,
        "arg#0 reference type('UNKNOWN ') size cannot be determined: -22",
        'kernel',
      ],
    ],
  },
  'bpftool of an object without programs': {
    text: "Error: object file doesn't contain any bpf program",
    found: [['no-programs', null, "object file doesn't contain any bpf program", 'bpftool']],
  },
  'libbpf’s last word only': {
    text: "libbpf: prog 'on_open': BPF program load failed: Invalid argument\nlibbpf: prog 'on_open': failed to load: -22\nlibbpf: failed to load object 'hello'",
    found: [
      ['log-missing', 'on_open', "prog 'on_open': BPF program load failed: Invalid argument", 'libbpf'],
    ],
  },
};

describe('a pasted log', () => {
  it.each(Object.entries(PASTES))('%s', (_name, { text, found }) => {
    const explained = explainLog(text).flatMap(({ program, diagnostics }) =>
      diagnostics.map(({ code, sentence, reporter }) => [code, program, sentence, reporter]),
    );
    expect(explained).toEqual(found);
  });

  it('without a line of the source is put on none', () => {
    const [found] = explainLog(PACKET_LOG).flatMap(each => each.diagnostics);
    expect(found).toMatchObject({ line: null, column: null });
  });

  it.each([
    ['a build', '   Compiling xdp-hello v0.1.0\nerror: could not compile\nCaused by:\n  exit status 101\n'],
    [
      'a build of files with such names',
      '  CC       callback.o\n  CC       bpf_spin_lock.o\n  CC       dynptr.o\n',
    ],
    ['a shell', '$ cd src\n# ./hello\n[1] 1234\nbash: ./hello: No such file or directory\n'],
    ['Go’s tests', 'ok  \tgithub.com/x/y\t0.01s\n--- PASS: TestA (0.00s)\nPASS\n'],
  ])('is not found in the output of %s', (_name, text) => {
    expect(explainLog(text).flatMap(each => each.diagnostics)).toEqual([]);
  });
});
