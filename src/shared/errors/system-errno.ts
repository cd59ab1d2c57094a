/** The errno's name ("ENOENT") of an error of the system, as Node reports it; null for every other error, ours included. */
export function systemErrno(error: unknown): string | null {
  return error instanceof Error &&
    'errno' in error &&
    typeof error.errno === 'number' &&
    'code' in error &&
    typeof error.code === 'string'
    ? error.code
    : null;
}
