import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { EXIT, RejectedError, reportFailure, UsageError } from '../../../src/cli/print/exit';
import { SessionError } from '../../../src/session/errors';
import { ObjectError } from '../../../src/shared/elf/object-error';
import { systemErrno } from '../../../src/shared/errors/system-errno';
import { WorkbenchError } from '../../../src/shared/errors/workbench-error';

/** The error of opening a file that does not exist. */
function enoent(): unknown {
  try {
    return readFileSync('/no/such/file');
  } catch (error) {
    return error;
  }
}

describe('reportFailure', () => {
  it.each([
    [new UsageError('--pid is not a number.', { text: 'Use 0 for all.' }), EXIT.usage, 'to fix it: Use 0'],
    [new RejectedError('a.bpf.c does not compile.'), EXIT.rejected, 'does not compile'],
    [new SessionError('bad-parameter', 'pid cannot be x.'), EXIT.usage, 'cannot be x'],
    [new SessionError('no-elevation', 'No root.', { command: 'sudo true' }), EXIT.environment, 'sudo true'],
    [new ObjectError('not-elf', 'Not an object.'), EXIT.rejected, 'Not an object'],
    [enoent(), EXIT.environment, 'ENOENT'],
  ])('%s', (error, code, text) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(reportFailure(error)).toBe(code);
    expect(written.mock.calls.join('')).toContain(text);
    written.mockRestore();
  });
});

it('distinguishes errors of the system from ours, which have a code as well', () => {
  expect(systemErrno(enoent())).toBe('ENOENT');
  expect(systemErrno(new UsageError('no'))).toBeNull();
  expect(systemErrno(Object.assign(new Error('closed'), { code: 'ERR_STREAM_DESTROYED' }))).toBeNull();
  expect(new UsageError('no')).toBeInstanceOf(WorkbenchError);
  expect(new RejectedError('no')).toBeInstanceOf(WorkbenchError);
});
