/**
 * The steps before a session, the same for the extension and bpfw: a target is chosen and the program is compiled for
 * its kernel; if the object's needs then select another target, it is compiled again for that.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { legacyMaps } from '../../shared/c/legacy-maps';
import { ObjectError } from '../../shared/elf/object-error';
import { legacyMapsMessage } from '../../shared/object/maps';
import type { BpfObject } from '../../shared/object/model';
import { readObject } from '../../shared/object/object';
import type { Target } from '../targets/target';

export interface ChosenTarget {
  readonly target: Target;
  /** One sentence for the user. */
  readonly why: string;
}

export interface PrepareRequest {
  /** A C source, or an object file, which is used without compiling. */
  readonly file: string;
  /** Chooses by the object's needs; null: there is no object yet. */
  choose(object: BpfObject | null): Promise<ChosenTarget>;
  /** Compiles the source for the target's kernel; this module does not use clang. Throws if there is no object. */
  compile(target: Target): Promise<{ readonly objectPath: string; readonly durationMs: number }>;
}

export interface PreparedSession extends ChosenTarget {
  readonly object: BpfObject;
  readonly objectBytes: Uint8Array;
  /** Of the object that is used; 0 for a given object file. */
  readonly compileMs: number;
}

/** Throws ObjectError, and what `choose`, `compile` and reading the file throw. */
export async function prepareSession({ file, choose, compile }: PrepareRequest): Promise<PreparedSession> {
  if (!file.endsWith('.c')) {
    const given = await readObjectFile(file, path.basename(file));
    return { ...(await choose(given.object)), ...given, compileMs: 0 };
  }
  const name = `${path.basename(file).replace(/(\.bpf)?\.c$/, '')}.bpf.o`;
  const compileFor = async ({ target }: ChosenTarget) => {
    const { objectPath, durationMs } = await compile(target);
    const read = await readObjectFile(objectPath, name).catch(error => withPlaces(error, file));
    return { ...read, compileMs: durationMs };
  };
  const first = await choose(null);
  const compiled = await compileFor(first);
  const chosen = await choose(compiled.object);
  return { ...chosen, ...(chosen.target === first.target ? compiled : await compileFor(chosen)) };
}

async function readObjectFile(file: string, name: string) {
  const objectBytes = await readFile(file);
  return { object: readObject(objectBytes, name), objectBytes };
}

/** Throws the error, with the lines of the maps where that is what is wrong with the object. */
async function withPlaces(error: unknown, source: string): Promise<never> {
  if (!(error instanceof ObjectError)) throw error;
  const [first, ...more] = legacyMaps(await readFile(source, 'utf8'));
  if (!first) throw error;
  const names = [first, ...more].map(each => each.name);
  throw new ObjectError(error.code, `${source}:${first.line}: ${legacyMapsMessage(names)}`);
}
