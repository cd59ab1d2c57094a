import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseVerifierLog } from '../../../src/shared/verifier/parse-log';
import { registerState } from '../../../src/shared/verifier/registers';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/verifier');
const fixture = (name: string) => readFileSync(path.join(fixtures, `${name}.log`), 'utf8');

describe('a verifier log', () => {
  it('returns the path, the states, the C lines and the last message of the plain dialect', () => {
    const [log] = parseVerifierLog(`reg type unsupported for arg#0 function count#17
0: R1=ctx(off=0,imm=0) R10=fp0
; u32 key = 0;
0: (b7) r1 = 0                        ; R1_w=0
;
1: (63) *(u32 *)(r10 -4) = r1         ; R1_w=0 R10=fp0 fp-8=0000????
; *value += 1; @ count.bpf.c:31
2: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'scalar'
verification time 46 usec
stack depth 8+0
processed 3 insns (limit 1000000) max_states_per_insn 4 total_states 20 peak_states 10 mark_read 2
`).programs;
    expect(log?.path).toMatchObject([
      {
        instruction: 0,
        text: 'r1 = 0',
        frame: 0,
        source: { text: 'u32 key = 0;', file: null },
        state: 'R1_w=0',
      },
      { instruction: 1, text: '*(u32 *)(r10 -4) = r1', source: { text: 'u32 key = 0;' } },
      { instruction: 2, source: { text: '*value += 1;', file: 'count.bpf.c', line: 31 }, state: '' },
    ]);
    expect(log?.entryState).toBe('R1=ctx(off=0,imm=0) R10=fp0');
    expect(log?.sentences).toEqual(["R0 invalid mem access 'scalar'"]);
    expect(log?.statistics).toEqual({
      processedInstructions: 3,
      limit: 1000000,
      maxStatesPerInstruction: 4,
      totalStates: 20,
      peakStates: 10,
      markRead: 2,
      verificationTimeUs: 46,
      stackDepthBytes: [8, 0],
    });
  });

  it.each(readdirSync(path.join(fixtures, '6.1')))('is read the same when spaces indent it: %s', name => {
    const text = fixture(`6.1/${name.replace(/\.log$/, '')}`);
    const indented = text.replace(/^(?=.)/gm, '    ');
    const read = (log: string) =>
      parseVerifierLog(log).programs.map(({ path: steps, sentences }) => ({ steps, sentences }));
    expect(read(indented)).toEqual(read(text));
  });

  it('goes back to the branch when another path is walked (level 2)', () => {
    const [log] = parseVerifierLog(fixture('other/level-2-two-paths')).programs;
    expect(log?.path.map(step => step.instruction)).toEqual([0, 1, 5, 6]);
    expect(log?.sentences).toEqual(['R3 pointer arithmetic with -= operator prohibited']);
  });

  it('reads a line that was cut back to its branch', () => {
    const [log] = parseVerifierLog(`; if (a)
4: (c6) if w2 s< 0x40 goto pc+1 6: R1_w=map_value(off=0,ks=4,vs=68,imm=0) R10=fp0
6: (95) exit
R0 !read_ok
`).programs;
    expect(log?.path).toMatchObject([
      { text: 'if w2 s< 0x40 goto pc+1', state: 'R1_w=map_value(off=0,ks=4,vs=68,imm=0) R10=fp0' },
      // Its C line was printed on a path that the kernel cut off: nobody knows it.
      { text: 'exit', source: null },
    ]);
  });

  it('follows calls into functions of the program and back', () => {
    const [log] = parseVerifierLog(`0: (85) call pc+2
caller:
 R10=fp0
callee:
 frame1: R1=ctx(off=0,imm=0) R10=fp0
3: (b7) r0 = 0
4: (95) exit
returning from callee:
to caller at 1:
1: (95) exit
processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`).programs;
    expect(log?.path.map(step => step.frame)).toEqual([0, 1, 1, 0]);
    expect(log?.sentences).toEqual([]);
  });

  it('is taken out of libbpf’s wrapping, one per program', () => {
    const parsed = parseVerifierLog(fixture('other/libbpf-two-programs'));
    expect(parsed.programs.map(log => log.program)).toEqual(['first', 'second']);
    expect(parsed.programs[1]?.sentences).toEqual([
      'failed to resolve CO-RE relocation <byte_off> [14] struct task_struct___future.inner.mood (0:1:0 @ offset 8)',
    ]);
    expect(parsed.loaderMessages).toContainEqual({
      by: 'libbpf',
      text: "prog 'first': failed to load: -13",
      program: 'first',
    });
  });

  it('is taken out of the wrapping of old libbpf, too', () => {
    const parsed = parseVerifierLog(`libbpf: load bpf program failed: Permission denied
libbpf: -- BEGIN DUMP LOG ---
libbpf:
0: (95) exit
R0 !read_ok
processed 1 insns (limit 1000000)

libbpf: -- END LOG --
libbpf: failed to load program 'handle'
`);
    expect(parsed.programs).toHaveLength(1);
    expect(parsed.programs[0]?.sentences).toEqual(['R0 !read_ok']);
  });

  it('may be indented by its loader and have the line ends of another system', () => {
    const text = fixture('6.1/unchecked-map-value')
      .split('\n')
      .map(line => `\t${line}\r`)
      .join('\n');
    expect(parseVerifierLog(text).programs).toEqual(
      parseVerifierLog(fixture('6.1/unchecked-map-value')).programs,
    );
  });

  it('of a loop keeps the end of its path', () => {
    const round = '2: (07) r6 += 1\n3: (a5) if r6 < 0xf4240 goto pc-2\n';
    const [log] = parseVerifierLog(`0: (b7) r6 = 0\n${round.repeat(100_000)}`).programs;
    expect(log?.path.length).toBeLessThanOrEqual(65_536);
    expect((log?.path.length ?? 0) + (log?.dropped ?? 0)).toBe(200_001);
  });

  it('is none in other text', () => {
    expect(parseVerifierLog('').programs).toEqual([]);
    expect(parseVerifierLog('\n\n').programs).toEqual([]);
  });
});

describe('the report of 7.3', () => {
  it('has category, reason, place, path and suggestion, unwrapped', () => {
    const [log] = parseVerifierLog(fixture('7.3/unchecked-map-value')).programs;
    expect(log?.sentences).toEqual(["R0 invalid mem access 'map_value_or_null'"]);
    expect(log?.report).toMatchObject({
      category: 'Register Type Safety',
      problem: 'Invalid dereference',
      suggestion: 'Add a NULL check before the access and dereference the pointer only on the non-NULL path.',
      at: {
        function: 'count_calls',
        file: 'unchecked-map-value.bpf.c',
        line: 20,
        column: 9,
        label: 'error',
        message: 'invalid dereference of R0 (a nullable map value pointer)',
      },
      causalPath: [
        {
          line: 19,
          label: 'update',
          message:
            'R0 changed from integer scalar with unknown value to nullable map value from counts at offset 0',
        },
      ],
    });
    expect(log?.report?.reason).toMatch(/on this path, so the verifier cannot prove/);
    expect(log?.statistics?.processedInstructions).toBe(7);
  });

  it('names an instruction where there is no line information', () => {
    const [log] = parseVerifierLog(fixture('7.3/no-line-info')).programs;
    expect(log?.report?.at).toMatchObject({ instruction: 0, file: null, message: 'R0 is not readable' });
    expect(log?.report?.causalPath).toEqual([]);
  });
});

describe('a register’s state', () => {
  const state =
    'R0_w=map_value(off=0,ks=4,vs=8,imm=0) R1_rw=inv(id=0,umax_value=63,var_off=(0x0; 0x3f)) R2=inv7 R3_w=-5 R4=scalar(smin=umin=1,smax=umax=umax32=0x40) R10=fp0 R6_w=fp-32 R7=P0x1f';
  it.each([
    ['R0', 'map_value', null, { vs: '8' }],
    ['R1', 'scalar', null, { umax: '63', var_off: '(0x0; 0x3f)' }],
    ['R2', 'scalar', 7n, {}],
    ['R3', 'scalar', -5n, {}],
    ['R4', 'scalar', null, { smin: '1', umin: '1', umax: '0x40', umax32: '0x40' }],
    ['R6', 'fp', null, { off: '-32' }],
    ['R7', 'scalar', 31n, {}],
  ])('%s', (register, type, value, attributes) => {
    const found = registerState(state, register);
    expect(found).toMatchObject({ type, value });
    expect(Object.fromEntries(found?.attributes ?? [])).toMatchObject(attributes);
  });

  it('is null when the log does not contain it', () => {
    expect(registerState(state, 'R9')).toBeNull();
  });
});
