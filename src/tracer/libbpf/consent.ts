/** Finds what needs consent in programs, by type and by the instructions passed to the kernel, and refuses those without. */
import { callsOf, type KfuncCall } from '../../shared/bpf/calls';
import { mayWriteContext } from '../../shared/bpf/context-writes';
import {
  type Consents,
  consentLine,
  type ProgramReasons,
  reasonsOf,
  withoutConsent,
} from '../../shared/bpf/program-policy';
import { programTypeNumber } from '../../shared/bpf/program-types';
import { BTF_KIND, kindNumberOf } from '../../shared/btf/btf-type';
import { TracerError } from '../common/errors';
import * as ffi from './ffi';

/** uprobes and kprobes; for the other observing types the verifier forbids writing to the context. */
const KPROBE = programTypeNumber('kprobe');

/**
 * Throws TracerError 'needs-consent' for what is known before load: types, and calls in the programs' main functions.
 * libbpf appends subprograms and resolves kfuncs during load; requireConsent() checks the result.
 */
export function requireConsentToLoad(programs: readonly ffi.Pointer[], consents: Consents): void {
  refuseWithoutConsent(
    programs.map(program => reasonsIn(program, callsOf(instructionsOf(program)).helpers, [], false)),
    consents,
  );
}

/** Throws TracerError 'needs-consent', which lists the loaded programs with everything that lacks consent. */
export async function requireConsent(programs: readonly ffi.Pointer[], consents: Consents): Promise<void> {
  const all = programs.map(program => {
    const instructions = instructionsOf(program);
    const writesContext = ffi.programType(program) === KPROBE && mayWriteContext(instructions);
    return { program, ...callsOf(instructions), writesContext };
  });
  const callsKfuncs = all.some(({ kfuncs }) => kfuncs.length > 0);
  const btf = callsKfuncs ? (await ffi.btfLoadVmlinux.async()).value : null;
  try {
    refuseWithoutConsent(
      all.map(({ program, helpers, kfuncs, writesContext }) =>
        reasonsIn(
          program,
          helpers,
          kfuncs.map(call => kfuncName(call, btf)),
          writesContext,
        ),
      ),
      consents,
    );
  } finally {
    if (btf !== null) ffi.btfFree(btf);
  }
}

function refuseWithoutConsent(found: readonly ProgramReasons[], consents: Consents): void {
  const needsConsent = withoutConsent(found, consents);
  const [first] = needsConsent;
  if (!first) return;
  throw new TracerError(
    'needs-consent',
    `Not loaded without consent: ${needsConsent.map(consentLine).join('. ')}.`,
    { program: first.program, needsConsent },
  );
}

function reasonsIn(
  program: ffi.Pointer,
  helpers: ReadonlySet<number>,
  kfuncs: readonly string[],
  writesContext: boolean,
): ProgramReasons {
  const type = { program: ffi.programType(program), attach: ffi.programExpectedAttachType(program) };
  return {
    program: ffi.programName(program),
    section: ffi.programSection(program),
    reasons: reasonsOf({ type, helpers, kfuncs, writesContext }),
  };
}

function instructionsOf(program: ffi.Pointer): Uint8Array {
  const instructions = new Uint8Array(Number(ffi.programInstructionCount(program)) * 8);
  const source = ffi.programInstructions(program);
  if (source !== null && instructions.byteLength > 0)
    ffi.memcpy(instructions, source, instructions.byteLength);
  return instructions;
}

/** The name in the kernel's own BTF, whatever the object calls it. A module's kfunc is shown by id: the module is unknown. */
function kfuncName({ btfId, module }: KfuncCall, btf: ffi.Pointer | null): string {
  if (module !== 0) return `#${btfId} of a module`;
  const type = btf === null ? null : ffi.btfTypeById(btf, btfId);
  if (btf === null || type === null) return `#${btfId}`;
  // struct btf_type begins with the offset of its name, then its info.
  const kind = kindNumberOf(ffi.decodeUint32(type + 4n));
  return (kind === BTF_KIND.func && ffi.btfNameByOffset(btf, ffi.decodeUint32(type))) || `#${btfId}`;
}
