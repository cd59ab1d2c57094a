/** The context pointer is moved before it is read: no field is missing, whatever the offset. */
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const STEPS = `0: R1=ctx(off=0,imm=0) R10=fp0
; last_value = words[11 + (from_last & 3)]; @ args.bpf.c:17
0: (b7) r2 = 112                      ; R2_w=112
1: (0f) r1 += r2                      ; R1_w=ctx(off=112,imm=0) R2_w=112
2: (79) r1 = *(u64 *)(r1 +0)
`;
const diagnostic = (log: string) => {
  const [explanation] = explainLog(log, {});
  return { program: explanation?.program, ...explanation?.diagnostics[0] };
};

describe('a context pointer that was moved', () => {
  it('names the distance when it is known', () => {
    expect(
      diagnostic(`${STEPS}dereference of modified ctx ptr R1 off=112 disallowed\nprocessed 3 insns`),
    ).toMatchObject({
      code: 'invalid-context-access',
      line: 17,
      message: expect.stringMatching(
        /^The context pointer was moved by 112 bytes .*bpf_probe_read_kernel\(\)\.$/,
      ),
    });
  });

  it.each([
    'variable ctx access var_off=(0x0; 0x78) disallowed',
    'negative offset ctx ptr R1 off=-8 disallowed',
  ])('%s names no field either', sentence => {
    expect(diagnostic(`${STEPS}${sentence}\nprocessed 3 insns`).message).toMatch(
      /^The context pointer was moved before/,
    );
  });

  it('differs from a missing field', () => {
    expect(diagnostic(`${STEPS}invalid bpf_context access off=112 size=8\nprocessed 3 insns`).message).toBe(
      'Programs of this type have no field in their context at this offset (112).',
    );
  });
});

describe('a log of veristat', () => {
  it('names the program of each part', () => {
    const part = (program: string) =>
      `PROCESSING args.bpf.o/${program}, DURATION US: 52, VERDICT: failure, VERIFIER LOG:\n${STEPS}variable ctx access var_off=(0x0; 0x78) disallowed\nprocessed 3 insns\n`;
    expect(explainLog(part('first') + part('second'), {}).map(({ program }) => program)).toEqual([
      'first',
      'second',
    ]);
  });
});
