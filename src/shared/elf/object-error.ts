/** Errors a user can act on. `code` is stable; `message` says what is wrong and what to do. */
export class ObjectError extends Error {
  constructor(
    readonly code: 'not-elf' | 'not-bpf' | 'truncated' | 'bad-btf' | 'unsupported',
    message: string,
  ) {
    super(message);
    this.name = 'ObjectError';
  }
}
