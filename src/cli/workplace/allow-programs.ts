/** `--allow PROGRAM`: the command line's consent to programs that may change the system. */
import type { AskProgramConsent } from '../../session/tracing/program-consent';
import { consentLine } from '../../shared/bpf/program-policy';
import type { BpfObject } from '../../shared/object/model';
import { escapeText } from '../../shared/text/escape';
import { UsageError } from '../print/exit';

/** Throws UsageError for a name that the object does not have; `option` is the one that named it. */
export function requirePrograms(object: BpfObject, names: readonly string[], option: string): void {
  const known = new Set(object.programs.map(program => program.name));
  const unknown = names.find(name => !known.has(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `${option} '${unknown}': the object has no such program. Its programs: ${[...known].map(escapeText).join(', ')}.`,
  );
}

/** Never asks: a program that was not named throws UsageError with the reasons and the options to add. */
export function allowPrograms(allowed: readonly string[]): AskProgramConsent {
  return async ({ target, programs }) => {
    const others = programs.filter(({ program }) => !allowed.includes(program));
    if (others.length === 0) return true;
    const lines = others.map(each => `${escapeText(consentLine(each))}\n`).join('');
    const options = others.map(({ program }) => `--allow ${escapeText(program)}`).join(' ');
    throw new UsageError(
      `these programs do more than observe. On ${target} they run only when you allow them:\n${lines}To allow ${others.length === 1 ? 'it' : 'them'}, add ${options}`,
    );
  };
}
