/**
 * Attach points in user programs and libraries: the file offset of a function (for an IFUNC, of its implementation on
 * the target), and USDT probes.
 */
import { importedFunction } from '../../system/imported-function';
import { readUntrustedFile } from '../../system/untrusted-file';
import { UserElf, UserElfError } from '../../system/user-elf';
import { SessionError } from '../errors';
import type { Target } from './target';

export interface UserFunctionRequest {
  readonly target: Target;
  readonly path: string;
  /** A symbol, or a part of a mangled one if no symbol has exactly this name. */
  readonly name: string;
  readonly ifunc: 'implementation' | 'resolver' | null;
  readonly pid: number | null;
}

/** Throws SessionError 'attach-point-missing' that reports what the file has instead. */
export async function resolveUserFunction(request: UserFunctionRequest): Promise<number> {
  const { path, name } = request;
  try {
    const elf = await readElf(path);
    const exact = elf.functions(name);
    const [symbol] =
      exact.length > 0
        ? exact
        : elf.functionsWhere(candidate => candidate.startsWith('_Z') && candidate.includes(name));
    if (!symbol) throw missing(request, importedFunction(elf, name) ?? whyNoFunction(elf));
    if (symbol.kind === 'ifunc' && request.ifunc !== 'resolver') return await implementation(request);
    const offset = elf.fileOffset(symbol.address);
    if (offset === null) throw missing(request, 'the function is not part of the file');
    return offset;
  } catch (error) {
    if (error instanceof UserElfError) throw missing(request, error.message);
    throw error;
  }
}

/** Names of the functions a file has, sorted. Throws SessionError 'attach-point-missing'. */
export async function fileFunctions(path: string): Promise<string[]> {
  try {
    const names = (await readElf(path)).functionsWhere(() => true).map(({ name }) => name);
    return [...new Set(names)].sort();
  } catch (error) {
    if (error instanceof UserElfError)
      throw new SessionError('attach-point-missing', `${path} has no functions: ${error.message}.`);
    throw error;
  }
}

/** "provider:probe" of a file's USDT probes, sorted. Throws SessionError 'attach-point-missing'. */
export async function fileProbes(path: string): Promise<string[]> {
  return [...(await usdtProbes(path))].sort();
}

/** Maximum number of a file's probes named in a message. */
const NAMED_PROBES = 5;

/** Throws SessionError 'attach-point-missing' that reports which probes the file has instead. */
export async function requireUsdtProbe(path: string, provider: string, probe: string): Promise<void> {
  const has = await usdtProbes(path);
  if (has.has(`${provider}:${probe}`)) return;
  const some = [...has].slice(0, NAMED_PROBES).join(', ');
  const rest = has.size > NAMED_PROBES ? ` and ${has.size - NAMED_PROBES} more` : '';
  throw new SessionError(
    'attach-point-missing',
    `${path} has no USDT probe ${provider}:${probe} (${has.size === 0 ? 'it has no probes' : `it has ${some}${rest}`}).`,
    { text: 'Choose a program built with such probes; `readelf -n FILE` lists them (stapsdt).' },
  );
}

async function usdtProbes(path: string): Promise<Set<string>> {
  try {
    return (await readElf(path)).usdtProbes();
  } catch (error) {
    if (error instanceof UserElfError)
      throw new SessionError('attach-point-missing', `${path} has no USDT probes: ${error.message}.`);
    throw error;
  }
}

/** Larger files than any browser's debug build are not read. */
const ELF_BYTES = 1 << 30;

/** Throws SessionError 'attach-point-missing' for a file that cannot be read, UserElfError for one that is not a program. */
async function readElf(path: string): Promise<UserElf> {
  const bytes = await readUntrustedFile(path, ELF_BYTES).catch((error: unknown) => {
    throw new SessionError(
      'attach-point-missing',
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  });
  return new UserElf(bytes);
}

/** Queried on the target: the choice depends on its CPU, so a shipped or computed offset could be wrong. */
async function implementation(request: UserFunctionRequest): Promise<number> {
  const answer = await request.target.ifuncOffset(request.path, request.name, request.pid);
  if ('offset' in answer) return Number(answer.offset);
  throw missing(request, `it is an IFUNC and the implementation in use was not found: ${answer.error}`);
}

function whyNoFunction(elf: UserElf): string {
  return elf.functionsWhere(() => true).length > 0
    ? 'it has no function of that name'
    : 'the file has no function symbols (they were stripped)';
}

function missing({ path, name }: UserFunctionRequest, why: string): SessionError {
  return new SessionError('attach-point-missing', `${name} in ${path} cannot be traced: ${why}.`, {
    text: 'Choose another function or file; `readelf --dyn-syms -W FILE` lists the functions.',
  });
}
