import { describe, expect, it } from 'vitest';
import type { BpfObject, Program, SourceLine } from '../../../src/shared/object/model';
import { explainLog } from '../../../src/shared/verifier/explain';
import { plainProgram } from '../plain-program';

const line = (instruction: number, number: number, column: number, text: string): SourceLine => ({
  instruction,
  file: '/src/count.bpf.c',
  line: number,
  column,
  text,
});

const program = (name: string, sourceLines: readonly SourceLine[], instructionCount: number) =>
  plainProgram(name, 'kprobe/vfs_read', { instructionCount, helperIds: [1], sourceLines });

function object(programs: readonly Program[], subprogramLines: readonly SourceLine[] = []): BpfObject {
  return {
    name: 'count',
    license: 'GPL',
    programs,
    maps: [],
    parameters: [],
    globals: [],
    subprogramLines,
    usesPrintk: false,
    btf: null,
    rootTypeIds: {},
  };
}

const only = (text: string, options: Parameters<typeof explainLog>[1] = {}) => {
  const found = explainLog(text, options).flatMap(each => each.diagnostics);
  expect(found).toHaveLength(1);
  const [diagnostic] = found;
  if (!diagnostic) throw new Error('no diagnostic');
  return diagnostic;
};

const LOOKUP = `; value = bpf_map_lookup_elem(&counts, &key);
0: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
; *value += 1;
1: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;

describe('an explanation', () => {
  it('has the object’s line and column, counted from the program’s place in its section', () => {
    const second = program(
      'second',
      [
        line(40, 28, 10, '\tvalue = bpf_map_lookup_elem(&counts, &key);'),
        line(41, 31, 9, '\t*value += 1;'),
        line(43, 40, 9, '\t*value += 1;'),
      ],
      4,
    );
    const first = program('first', [line(0, 12, 1, '\treturn 0;')], 40);
    expect(only(LOOKUP, { object: object([first, second]) })).toMatchObject({
      file: '/src/count.bpf.c',
      line: 31,
      column: 9,
      code: 'unchecked-map-value',
      message: '`value` may be NULL here: the map `counts` may not contain the key.',
      related: [
        {
          line: 28,
          column: 10,
          message: '`value` comes from here: NULL when `counts` does not contain the key',
        },
      ],
    });
  });

  it('blames a size that is larger than its variable, not an index', () => {
    const log = `0: (bf) r1 = r10
1: (07) r1 += -8
2: (b7) r2 = 32
3: (85) call bpf_get_current_comm#16
invalid write to stack R1 off=-8 size=32
processed 4 insns (limit 1000000)
`;
    expect(only(log, {})).toMatchObject({
      code: 'stack-out-of-bounds',
      message: 'This accesses 32 bytes of a local variable where only 8 bytes of the stack are left.',
    });
  });

  it('finds lines of functions in .text by their text', () => {
    const main = program('main', [line(0, 5, 1, '\treturn count();')], 1);
    const helper = [
      line(0, 50, 4, '\tvalue = bpf_map_lookup_elem(&counts, &key);'),
      line(2, 51, 3, '\t*value += 1;'),
    ];
    const log = LOOKUP.replace('0: (85)', '10: (85)').replace('1: (79)', '11: (79)');
    expect(only(log, { object: object([main], helper), program: 'main' })).toMatchObject({
      line: 51,
      column: 3,
    });
  });

  it('trusts the log where object and log differ', () => {
    const other = program('other', [line(0, 99, 1, '\tsomething else;')], 4);
    expect(
      only(LOOKUP, { object: object([other]), source: { file: 'x.c', text: '\n\n\t*value += 1;\n' } }),
    ).toMatchObject({ file: 'x.c', line: 3, column: 2 });
  });

  it('has the file and line that the log names itself', () => {
    const log = LOOKUP.replace('*value += 1;', '*value += 1; @ count.bpf.c:31');
    expect(only(log)).toMatchObject({ file: 'count.bpf.c', line: 31, column: 1 });
  });

  it('follows a value through copies, the stack and a function', () => {
    const log = `; event = find(7);
0: (85) call pc+5
; return bpf_map_lookup_elem(&events, &key);
6: (85) call bpf_map_lookup_elem#1    ; frame1: R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
7: (95) exit
; event = find(7);
1: (7b) *(u64 *)(r10 -8) = r0
; bpf_get_smp_processor_id();
2: (85) call bpf_get_smp_processor_id#8
; event->pid = 1;
3: (79) r6 = *(u64 *)(r10 -8)
4: (b7) r1 = 1
5: (63) *(u32 *)(r6 +0) = r1
R6 invalid mem access 'map_value_or_null'
processed 8 insns (limit 1000000)
`;
    expect(only(log)).toMatchObject({
      message: '`event` may be NULL here: the map `events` may not contain the key.',
    });
  });

  it('reports that a test was made on another copy', () => {
    const log = `; slot = log2(latency) + 1;
0: (79) r2 = *(u64 *)(r1 +0)          ; R2_w=scalar()
1: (bf) r1 = r2                       ; R1_w=scalar(id=1) R2_w=scalar(id=1)
2: (07) r1 += 1                       ; R1_w=scalar()
; if (slot < SLOTS)
3: (25) if r2 > 0x3e goto pc+9        ; R2_w=scalar(umax=62,var_off=(0x0; 0x3f))
; slots[slot]++;
4: (67) r1 <<= 3                      ; R1_w=scalar()
5: (18) r2 = 0xffffc900005f8000       ; R2_w=map_value(off=0,ks=4,vs=512,imm=0)
7: (0f) r2 += r1
8: (79) r1 = *(u64 *)(r2 +0)
R2 unbounded memory access, make sure to bounds check any such access
processed 9 insns (limit 1000000)
`;
    const source = {
      file: 'hist.bpf.c',
      text: '\n\tslot = log2(latency) + 1;\n\tif (slot < SLOTS)\n\t\tslots[slot]++;\n',
    };
    const found = only(log, { source });
    expect(found).toMatchObject({
      line: 4,
      code: 'unbounded-memory-access',
      message: 'The verifier knows no limit of `slot` here.',
    });
    expect(found.related).toMatchObject([
      { line: 2, message: '`slot` gets its value here' },
      { line: 3, message: expect.stringMatching(/another copy of `slot`/) },
    ]);
  });

  it('takes place, reason and path from the report of 7.3, and the rest from the catalogue', () => {
    const log = `0: (95) exit
some words of the future

Verification failed: Policy: Not allowed

Reason:
  The policy of this machine says no.

At:
  main @ /src/count.bpf.c:12:3

Causal path:
  main @ /src/count.bpf.c:10:2
        | ^-- branch: took the true branch of this conditional, goto followed

Suggestion:
  Ask your administrator.

processed 1 insns (limit 1000000)
`;
    expect(only(log)).toMatchObject({
      file: '/src/count.bpf.c',
      line: 12,
      column: 3,
      code: 'verifier-rejected',
      message: 'The policy of this machine says no.',
      explanation: expect.stringMatching(/Ask your administrator/),
      related: [{ line: 10, column: 2, message: expect.stringMatching(/^took the true branch/) }],
    });
  });

  it('is libbpf’s message where the kernel wrote no log', () => {
    const main = program('main', [line(0, 8, 5, 'int main(void *ctx)')], 1);
    const messages = ["prog 'main': failed to find kernel BTF type ID of 'vfs_reed': -3", 'ESRCH'];
    expect(only('', { object: object([main]), messages })).toMatchObject({
      code: 'attach-target-missing',
      line: 8,
      message: expect.stringMatching(/no `vfs_reed` to attach to/),
    });
  });

  it('reports the reason in the statistics when the log was too long to end', () => {
    const log = '; for (;;)\n0: (07) r1 += 1\n1: (05) goto pc-2\n'.repeat(10);
    expect(only(log, { messages: ['BPF program is too large. Processed 1000001 insn', 'E2BIG'] }).code).toBe(
      'too-many-instructions',
    );
    expect(only(log, { messages: ['ENOSPC'] }).code).toBe('log-truncated');
    expect(only(log).code).toBe('log-truncated');
  });

  it('has no diagnostics for a program that was accepted', () => {
    const [accepted] = explainLog('0: (95) exit\nprocessed 1 insns (limit 1000000) total_states 3\n');
    expect(accepted).toMatchObject({
      diagnostics: [],
      statistics: { processedInstructions: 1, totalStates: 3 },
    });
  });

  it('is none of text without a log', () => {
    expect(explainLog('')).toEqual([]);
  });
});
