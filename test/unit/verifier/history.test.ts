/** What happened before the kernel stopped: advice that follows from its sentence alone would not work. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { type LocalVariables, readLocalVariables } from '../../../src/shared/object/local-variables';
import { explainLog } from '../../../src/shared/verifier/explain';
import { describeByte } from '../../../src/shared/verifier/struct-bytes';
import { scratchFolder } from '../compile/toolchain';

const only = (log: string, options: Parameters<typeof explainLog>[1] = {}) => {
  const [found] = explainLog(log, options).flatMap(each => each.diagnostics);
  if (!found) throw new Error('no diagnostic');
  return found;
};
const fixture = (name: string) =>
  readFileSync(path.resolve(import.meta.dirname, '../../fixtures/verifier', `${name}.log`), 'utf8');
const END = 'processed 9 insns (limit 1000000)\n';

describe('a pointer into a packet that a helper may have moved', () => {
  it('is reported as that on the real kernel’s log', () => {
    const found = only(fixture('6.1/packet-pointer-invalidated'));
    expect(found.code).toBe('packet-pointer-invalidated');
    expect(found.message).toContain('before bpf_skb_pull_data()');
    expect(found.explanation).not.toContain('bpf_probe_read');
  });

  it('is so where the kernel calls it uninitialised (6.3 and later)', () => {
    const log = `0: (61) r7 = *(u32 *)(r1 +0)         ; R7_w=pkt(r=0) R1=ctx()
1: (bf) r6 = r1                        ; R6_w=ctx()
; bpf_xdp_adjust_head(ctx, 4);
2: (b7) r2 = 4                         ; R2_w=4
3: (85) call bpf_xdp_adjust_head#44    ; R0_w=scalar()
; eth->h_proto = 0;
4: (b7) r1 = 0                         ; R1_w=0
5: (6b) *(u16 *)(r7 +12) = r1
R7 !read_ok
${END}`;
    expect(only(log)).toMatchObject({
      code: 'packet-pointer-invalidated',
      message: expect.stringContaining('bpf_xdp_adjust_head()'),
    });
  });

  it('is none where the helper came before the pointer, or the value never was one', () => {
    const before = `0: (85) call bpf_xdp_adjust_head#44    ; R0_w=scalar()
1: (61) r7 = *(u32 *)(r6 +0)          ; R7_w=pkt(r=0) R6=ctx()
2: (79) r1 = *(u64 *)(r2 +0)
R2 !read_ok
${END}`;
    expect(only(before).code).toBe('uninitialized-register');
    const number = `0: (79) r7 = *(u64 *)(r1 +112)        ; R7_w=scalar() R1=ctx()
1: (85) call bpf_skb_pull_data#39      ; R0_w=scalar()
2: (79) r1 = *(u64 *)(r7 +0)
R7 invalid mem access 'scalar'
${END}`;
    expect(only(number).code).toBe('invalid-memory-access');
  });
});

describe('a comparison with data_end that does not protect', () => {
  it('because the offset may pass 65,535 is not asked for again', () => {
    const found = only(fixture('6.1/packet-test-too-far'));
    expect(found.message).toMatch(/^The comparison with data_end does not count: up to 100000 bytes/);
    expect(found.explanation).toContain('Limit what is added before it is added');
  });

  it('names the bytes it has when they are fewer', () => {
    expect(only(fixture('6.1/packet-test-too-short')).message).toBe(
      'The comparison with data_end proves 14 bytes from this pointer’s origin; 1 byte at offset 23 needs 24.',
    );
  });

  it('is asked for where there is none', () => {
    expect(only(fixture('6.1/unchecked-packet-access')).message).toBe(
      'The packet may be too short for 1 byte at offset 12.',
    );
  });
});

describe('an index that may be an errno', () => {
  it('is to be tested, not masked', () => {
    const found = only(fixture('6.1/error-as-index'));
    expect(found.message).toContain('bpf_probe_read_kernel_str() returns a negative errno');
    expect(found.explanation).toContain('A mask or an unsigned variable would turn the error into an index');
    expect(found.explanation).not.toContain('or mask it');
  });

  it('is known by its bounds, whatever the helper', () => {
    const log = `0: (85) call bpf_future_length#999     ; R0_w=scalar(smin=-4095,smax=64)
1: (bf) r7 = r0                        ; R0_w=scalar(id=1,smin=-4095,smax=64) R7_w=scalar(id=1,smin=-4095,smax=64)
2: (18) r1 = 0xffff8880a0b0c000        ; R1_w=map_value(off=0,ks=4,vs=64,imm=0)
4: (0f) r1 += r7
5: (73) *(u8 *)(r1 +0) = r6
R7 min value is negative, either use unsigned index or do a if (index >=0) check.
${END}`;
    expect(only(log).message).toContain('bpf_future_length() returns a negative errno');
  });

  it('is masked where it is an ordinary number', () => {
    expect(only(fixture('6.1/negative-size')).explanation).toContain('or mask it');
  });
});

describe('arguments that a function does not have', () => {
  it('of a system call’s wrapper are those of its registers', () => {
    const found = only(fixture('6.1/fexit-of-a-wrapper'));
    expect(found.message).toMatch(
      /system call’s wrapper: its only argument is `const struct pt_regs \*regs`/,
    );
    expect(found.explanation).toContain('SEC("ksyscall/mkdirat")');
  });

  it('are counted from one by the offset, as kernels count differently', () => {
    expect(only(fixture('6.1/argument-too-many')).message).toBe(
      'vfs_read() has no argument 6 in this kernel.',
    );
  });
});

describe('bytes on the stack that were never written', () => {
  const { folder, remove } = scratchFolder();
  let locals: LocalVariables;
  beforeAll(async () => {
    const source = path.join(folder, 'held.c');
    writeFileSync(
      source,
      `struct pair { char a; int b; };
struct held { int kind; unsigned long long lock; struct pair last; char tail; };
void use(void *);
int on_lock(void *ctx)
{
	struct held held;
	use(&held);
	return 0;
}
`,
    );
    const { path: clang } = await findClang();
    execFileSync(clang, ['--target=bpf', '-g', '-O2', '-c', source, '-o', path.join(folder, 'held.o')]);
    const read = readLocalVariables(readFileSync(path.join(folder, 'held.o')));
    if (!read) throw new Error('no DWARF');
    locals = read;
  });
  afterAll(remove);

  it.each([
    [0, '`held.kind` (bytes 0 to 3 of `held`)'],
    [4, 'bytes 4 to 7 of `held` (padding between kind and lock)'],
    [7, 'bytes 4 to 7 of `held` (padding between kind and lock)'],
    [15, '`held.lock` (bytes 8 to 15 of `held`)'],
    [17, 'bytes 17 to 19 of `held` (padding between last.a and last.b)'],
    [25, 'bytes 25 to 31 of `held` (padding after tail)'],
    [32, null],
  ])('at %i are: %s', (byte, expected) => {
    const held = locals.localsOf('on_lock').find(each => each.name === 'held');
    expect(held && describeByte(locals.types, held.type, byte, 'held')).toBe(expected);
  });

  const log = (argument: string) => `libbpf: prog 'on_lock': -- BEGIN PROG LOAD LOG --
0: (bf) r4 = r10                       ; R4_w=fp0 R10=fp0
1: (07) r4 += -32                      ; R4_w=fp-32
; bpf_perf_event_output(ctx, &taken, BPF_F_CURRENT_CPU, ${argument}, sizeof(held));
2: (85) call bpf_perf_event_output#25
invalid indirect read from stack R4 off -32+4 size 32
${END}-- END PROG LOAD LOG --
`;

  it('are named in the message where the variable itself was passed', () => {
    expect(only(log('&held'), { locals }).message).toBe(
      'bpf_perf_event_output() would read bytes 4 to 7 of `held` (padding between kind and lock), which were never initialised.',
    );
    expect(only(log('&held'), {}).message).toContain('would read bytes of `held`');
    // Where in the variable the argument begins is not known here.
    expect(only(log('(char *)&held + 4'), { locals }).message).not.toContain('padding');
  });
});
