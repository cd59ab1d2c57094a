import { WorkbenchError } from '../errors/workbench-error';

/** Errors a user can act on. `code` is stable; `message` says what is wrong and what to do. */
export class ObjectError extends WorkbenchError<
  'not-elf' | 'not-bpf' | 'truncated' | 'bad-btf' | 'unsupported'
> {
  override readonly name = 'ObjectError';
}
