/** A helper that a program type has, refused for the function that the program attaches to. */
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const log = (call: string) => `0: R1=ctx(off=0,imm=0) R10=fp0
0: (bf) r1 = r10                      ; R1_w=fp0 R10=fp0
1: (85) call ${call}
helper call is not allowed in probe
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
const explain = (call: string) => explainLog(log(call), {})[0]?.diagnostics[0];

describe('a helper that the kernel allows at some attach points only', () => {
  it('d_path: names those', () => {
    const diagnostic = explain('bpf_d_path#147');
    expect(diagnostic).toMatchObject({ code: 'helper-not-allowed' });
    expect(diagnostic?.message).toMatch(
      /^bpf_d_path\(\) is not allowed at this attach point; .* dentry_open, /,
    );
    expect(diagnostic?.message).not.toContain('of this type');
  });

  it('another: names none', () => {
    expect(explain('bpf_ima_file_hash#193')?.message).toBe(
      'bpf_ima_file_hash() is not allowed at this attach point; the program type may call it elsewhere.',
    );
  });
});
