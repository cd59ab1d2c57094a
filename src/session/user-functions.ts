/** The file offset a uprobe goes to: an ordinary function's, or the implementation an IFUNC stands for on the target. */
import { readFile } from 'node:fs/promises';
import { SessionError } from './errors';
import type { Target } from './target';
import { UserElf, UserElfError } from './user-elf';

export interface UserFunctionRequest {
  readonly target: Target;
  readonly path: string;
  /** A symbol, or a part of a mangled one when no symbol has exactly this name. */
  readonly name: string;
  readonly ifunc: 'implementation' | 'resolver' | null;
  readonly pid: number | null;
}

/** Throws SessionError 'attach-point-missing' that says what the file has instead. */
export async function resolveUserFunction(request: UserFunctionRequest): Promise<number> {
  const { path, name } = request;
  try {
    const elf = new UserElf(await readFile(path));
    const exact = elf.functions(name);
    const [symbol] =
      exact.length > 0
        ? exact
        : elf.functionsWhere(candidate => candidate.startsWith('_Z') && candidate.includes(name));
    if (!symbol) throw missing(request, 'it has no function of that name');
    if (symbol.kind === 'ifunc' && request.ifunc !== 'resolver') return await implementation(request);
    const offset = elf.fileOffset(symbol.address);
    if (offset === null) throw missing(request, 'the function is not part of the file');
    return offset;
  } catch (error) {
    if (error instanceof UserElfError) throw missing(request, error.message);
    if (error instanceof SessionError) throw error;
    throw new SessionError(
      'attach-point-missing',
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Asked on the target: the choice depends on its CPU, so a shipped or computed offset would be wrong somewhere. */
async function implementation(request: UserFunctionRequest): Promise<number> {
  const answer = await request.target.ifuncOffset(request.path, request.name, request.pid);
  if ('offset' in answer) return Number(answer.offset);
  throw missing(request, `it is an IFUNC and the implementation in use was not found: ${answer.error}`);
}

function missing({ path, name }: UserFunctionRequest, why: string): SessionError {
  return new SessionError(
    'attach-point-missing',
    `${name} in ${path} cannot be traced: ${why}.`,
    'Choose another function or file; `readelf --dyn-syms -W FILE` lists the functions.',
  );
}
