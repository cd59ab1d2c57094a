import type { ErrorTable } from '../errors/error-table';
import { WorkbenchError } from '../errors/workbench-error';

/** What is wrong with an object file. */
export const OBJECT_ERRORS = {
  'not-elf': {
    means: 'The file is not an object file',
    fix: 'Choose the .o file that clang created.',
  },
  'not-bpf': {
    means: 'The file is an object file for another machine',
    fix: 'Compile it with `--target=bpf`.',
  },
  truncated: {
    means: 'The file is damaged',
    fix: 'Compile the program again.',
  },
  'bad-btf': {
    means: 'Its type information (BTF) is missing or damaged',
    fix: 'Compile with `-g`, and strip only with `llvm-strip -g`.',
  },
  unsupported: {
    means:
      'It has what libbpf does not load: maps of SEC("maps"), or more programs and maps than any session may have',
    fix: 'The message names it.',
  },
} as const satisfies ErrorTable;

/** An invalid object file. `code` is stable; `message` has the problem and the fix. */
export class ObjectError extends WorkbenchError<keyof typeof OBJECT_ERRORS> {
  override readonly name = 'ObjectError';
}
