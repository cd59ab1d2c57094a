import { describe, expect, it } from 'vitest';
import type { Program } from '../../../src/shared/object/model';
import { lastWords, sourceLineOf } from '../../../src/shared/verifier/last-words';

/** As 6.1 writes it: no file names. */
const OLD = `0: R1=ctx(off=0,imm=0) R10=fp0
; u32 *value = bpf_map_lookup_elem(&counts, &key);
0: (b7) r1 = 0                        ; R1_w=0
7: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
; *value += 1;
8: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
const WITH_PLACE = OLD.replace('; *value += 1;', '; *value += 1; @ count.bpf.c:31');
const REPORT = `${WITH_PLACE.replace(/processed.*\n/, '')}Verification failed: Memory Safety: access through a pointer that may be NULL
Reason:
  r0 may be NULL here.
At:
  count @ /src/count.bpf.c:31:3
  Source context:
    >>> 31 | *value += 1;
        | ^-- error: may be NULL
processed 8 insns (limit 1000000)
`;

const line = (instruction: number, number: number, text: string) => ({
  instruction,
  file: '/src/count.bpf.c',
  line: number,
  column: 3,
  text,
});
const program: Program = {
  name: 'count',
  section: 'kprobe/vfs_read',
  autoload: true,
  attachPoint: { kind: 'kprobe', function: 'vfs_read', offset: 0 },
  choice: null,
  needs: [],
  targetParameter: null,
  ifunc: null,
  perf: null,
  instructionCount: 12,
  helperIds: [1],
  // The program is the second of its section: instructions count from 40.
  sourceLines: [
    line(40, 25, '\tu32 key = 0;'),
    line(42, 28, '\t*value += 1;'),
    line(48, 31, '\t*value += 1;'),
    line(60, 40, '\t*value += 1;'),
  ],
};

describe('last words of the verifier', () => {
  it('are the sentence before the statistics', () => {
    expect(lastWords(OLD)).toEqual({
      sentence: "R0 invalid mem access 'map_value_or_null'",
      instruction: 8,
      sourceText: '*value += 1;',
      place: null,
    });
  });

  it('carry the place where the kernel writes it', () => {
    expect(lastWords(WITH_PLACE)?.place).toEqual({ file: 'count.bpf.c', line: 31, column: 0 });
  });

  it('are the report of 7.3 where there is one', () => {
    expect(lastWords(REPORT)).toMatchObject({
      sentence: 'Memory Safety: access through a pointer that may be NULL',
      place: { file: '/src/count.bpf.c', line: 31, column: 3 },
    });
  });

  it('are none in an empty log', () => {
    expect(lastWords('')).toBeNull();
    expect(lastWords('processed 0 insns (limit 1000000)\n')).toBeNull();
  });

  it.each([
    ['by its text and instruction', OLD],
    ['by the file and line of the log', WITH_PLACE],
    ['by the report', REPORT],
  ])('find the C line %s', (_how, log) => {
    const words = lastWords(log);
    expect(words && sourceLineOf(words, program)).toMatchObject({ line: 31, file: '/src/count.bpf.c' });
  });
});
