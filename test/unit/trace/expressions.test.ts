/** Expressions over what a probe offers: the C they become, and what is refused with which words. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { KernelTypes } from '../../../src/server/kernel/kernel-types';
import { parseBtf } from '../../../src/shared/btf/btf';
import { commentText, literal } from '../../../src/trace/c-text';
import { parseProbe } from '../../../src/trace/probe-name';
import { resolveProbe } from '../../../src/trace/resolve-probe';
import { TraceError } from '../../../src/trace/trace-error';
import { traceProgram } from '../../../src/trace/trace-program';
import { smallKernel } from '../../golden/server/client';
import { scratchFolder } from '../compile/toolchain';
import { BtfBytes } from '../object/btf-bytes';

const { folder, remove } = scratchFolder();
afterAll(remove);
const bytes = new Uint8Array(readFileSync(await smallKernel(folder)));
const kernel = { btf: parseBtf(bytes), bytes };

const program = (where: string | null, probe = 'vfs_read', by: readonly string[] = []): string =>
  traceProgram({ probes: [probe], mode: { kind: 'count' }, by, where, folder }, kernel).text;
/** The condition of the program. */
const condition = (where: string, probe?: string): string =>
  /if \(!\((.*)\)\)\n\t\treturn;/.exec(program(where, probe))?.[1] ?? '';

const refusal = (work: () => unknown): TraceError => {
  try {
    work();
  } catch (error) {
    if (error instanceof TraceError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('what a condition becomes', () => {
  it.each([
    ['count > 100', 'count > 100'],
    // C compares first.
    ['count & 4 == 4', '(count & 4) == 4'],
    ['count == 1 || count == 2 && !pos', '(count == 1) || ((count == 2) && (!pos))'],
    ['count + 1 * 2 > 3', '(count + ((__u64)1 * 2)) > 3'],
    ['(count + 1) * 2 > 3', '((count + 1) * 2) > 3'],
    // C would take -1 for more than any size.
    ['result < count', 'result < (__s64)count'],
    ['result < 0', 'result < 0'],
    ['result == -11', 'result == -11'],
    ['count == -1', '(__s64)count == (__s64)-1'],
    ['-result > 3', '(-result) > 3'],
    ['~file->f_flags == 0', '(~(__u64)BPF_CORE_READ(file, f_flags)) == 0'],
    ['file->f_inode->i_mode >> 12 == 8', '((__u64)BPF_CORE_READ(file, f_inode, i_mode) >> 12) == 8'],
    // A member of a nameless union.
    ['file->f_inode->i_nlink > 1', 'BPF_CORE_READ(file, f_inode, i_nlink) > 1'],
    ['comm != "cat"', "!(comm[0] == 'c' && comm[1] == 'a' && comm[2] == 't' && !comm[3])"],
    [
      'comm == "" || comm == "é\'"',
      '(!comm[0]) || (comm[0] == -61 && comm[1] == -87 && comm[2] == 39 && !comm[3])',
    ],
    ['count == 0x10', 'count == 16'],
    ['count == XDP_DROP', 'count == XDP_DROP'],
    ['retval > 3', 'result > 3'],
    ['latency > 5000000000', 'latency > 5000000000ULL'],
  ])('%s', (where, c) => {
    expect(condition(where)).toBe(c);
  });

  it('reads the memory of user programs as such', () => {
    expect(program(null, 'sys:openat', ['filename'])).toContain(
      'bpf_probe_read_user_str(key.filename, sizeof(key.filename), filename);',
    );
  });

  it('gives a name that the program uses itself another one', () => {
    expect(program('result > 0 && count > 1')).toContain('result > 0');
    expect(condition('next->tgid > 1', 'sched:sched_switch')).toBe('BPF_CORE_READ(next, tgid) > 1');
  });
});

describe('what is refused', () => {
  it.each([
    ['cuont > 1', "vfs_read has no 'cuont'.", 'Did you mean count?'],
    ['nothing > 1', "vfs_read has no 'nothing'.", /^It has pid, .*file, buf, count, pos\.$/],
    [
      'file->f_inod > 1',
      "'file' (struct file) has no member 'f_inod' on this kernel.",
      'Did you mean f_inode?',
    ],
    ['file.f_pos > 1', "'file' is a pointer: use ->.", ''],
    ['file->f_pos->x', "'file->f_pos' is not a struct whose members are known.", ''],
    ['file->f_inode->dirty == 1', "'file->f_inode->dirty' is a bit-field, which cannot be read here.", ''],
    ['result / 2 > 1', /divides a value that has a sign/, ''],
    ['comm == "a name that is long"', /comm has at most 15 bytes/, ''],
    ['"a" == "b"', 'a text can only be compared with comm, by == or !=.', ''],
    ['bpf_send_signal(9)', /calls 'bpf_send_signal': only str/, ''],
    ['count > 1; return', /has ';' where an operator should be/, ''],
    ['count > 1 /* x */', /has a comment/, ''],
    ['count = 1', /has '=' where an operator should be/, ''],
    ['count >', /ends where a value should be/, ''],
    ['count > 1.5', /has '1\.5', which is not a whole number/, ''],
    ['$x > 1', /has '\$x' where a name should be/, ''],
    ['#include "x"', /where a name should be/, ''],
    ['count > 99999999999999999999', /not a whole number of 64 bits/, ''],
    [`${'('.repeat(300)}1`, /longer than 200 words/, ''],
  ])('%s', (where, message, fix) => {
    const error = refusal(() => program(where));
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
    const text = error.fix && 'text' in error.fix ? error.fix.text : '';
    if (fix !== '') expect(text).toMatch(fix);
  });
});

describe('probes', () => {
  it.each([
    '',
    'a b',
    'vfs_read"',
    'vfs_read\n',
    'sys:',
    'sys:a"b',
    'a:b:c;',
    '*/',
    './x\u202e:f',
    './x:f"',
    'vfs_read}int',
  ])('%j is none', text => {
    expect(refusal(() => parseProbe(text)).code).toBe('bad-probe');
  });

  it('says that lines of source files cannot be traced', () => {
    expect(refusal(() => parseProbe('src/server.rs:120')).message).toMatch(/is a line of a source file/);
  });

  it('names what is nearest', () => {
    expect(refusal(() => program(null, 'vfs_raed')).fix).toEqual({ text: 'Did you mean vfs_read?' });
    expect(refusal(() => program(null, 'sys:opnat')).fix).toEqual({ text: 'Did you mean sys:openat?' });
    expect(refusal(() => program(null, 'sched:sched_swich')).fix).toEqual({
      text: 'Did you mean sched_switch?',
    });
    expect(refusal(() => program(null, 'tcp:sched_switch')).fix).toEqual({
      text: 'Did you mean sched:sched_switch?',
    });
  });
});

describe('hostile names', () => {
  it.each(['x); evil(', 'x y', 'a"b', 'a\\', 'a/*', 'é', 'a\nb', '9a', 'a-b'])(
    '%j never gets into a program',
    name => {
      for (const where of ['parameter', 'struct', 'member'] as const) {
        const names = { parameter: 'p', struct: 's', member: 'm', [where]: name };
        const writer = new BtfBytes();
        const member = writer.text(names.member);
        const parameter = writer.text(names.parameter);
        writer
          .add('int', 1, 0, false, 4, 0x01000020) // 1
          .add(names.struct, 4, 1, false, 4, member, 1, 0) // 2
          .add('', 2, 0, false, 2) // 3: a pointer to 2
          .add('', 13, 1, false, 1, parameter, 3) // 4: its prototype
          .add('f', 12, 1, false, 4); // 5
        const hostile = writer.bytes();
        const target = { btf: parseBtf(hostile), bytes: hostile };
        for (const [mode, by] of [
          ['events', []],
          ['count', [`${names.parameter}->${names.member}`]],
          ['latency', []],
        ] as const) {
          try {
            const { text } = traceProgram(
              { probes: ['f'], mode: { kind: mode }, by, where: null, folder },
              target,
            );
            expect(text).not.toContain(name);
          } catch (error) {
            expect(error).toBeInstanceOf(TraceError);
          }
        }
      }
    },
  );

  it('are literals and comments that end where they should', () => {
    const all = Array.from({ length: 0x250 }, (_, code) => String.fromCodePoint(code)).join('');
    for (const text of [all, '"', '\\', '??/', '*/', '/**/', `${'\\'.repeat(5)}"`, '\u202e']) {
      const quoted = literal(text);
      expect(quoted).toMatch(/^"(?:[\w !#$%&'()*+,\-./:;<=>@[\]^`{|}~]|\\[0-3][0-7]{2})*"$/);
      const back = quoted
        .slice(1, -1)
        .replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
      expect(Buffer.from(back, 'latin1').toString()).toBe(text);
      expect(commentText(text)).toMatch(/^[ -~]*$/);
      expect(commentText(text)).not.toMatch(/\*\/|\/\*|\\/);
    }
  });
});

describe('what probes offer', () => {
  const types = new KernelTypes(kernel.btf, bytes);
  const offers = (text: string) =>
    resolveProbe(parseProbe(text), types, folder).offers.map(each => each.name);

  it('is their arguments, or the fields of their records', () => {
    expect(offers('vfs_read')).toEqual(['file', 'buf', 'count', 'pos']);
    expect(offers('sys:openat')).toEqual(['dfd', 'filename', 'flags', 'mode']);
    expect(offers('syscalls:sys_enter_openat')).toEqual(offers('sys:openat'));
    expect(offers('sched:sched_switch')).toEqual(['prev_comm', 'prev_pid', 'next_pid']);
  });
});
