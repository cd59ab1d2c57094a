import { WorkbenchError } from '../errors/workbench-error';

/** An invalid object file. `code` is stable; `message` has the problem and the fix. */
export class ObjectError extends WorkbenchError<
  'not-elf' | 'not-bpf' | 'truncated' | 'bad-btf' | 'unsupported'
> {
  override readonly name = 'ObjectError';
}
