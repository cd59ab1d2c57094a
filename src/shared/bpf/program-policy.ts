/**
 * Which programs only observe, and for which the user is asked first. The tracer decides by what it loaded; the client
 * uses the same rules on the object to ask before anything is loaded.
 */
import { changingHelper, helperChanges, isChangingKfunc, kfuncChanges } from './calls';
import { changingType, typeChanges } from './program-types';

/** It stores through its context: a uprobe then changes registers of the process. */
export const WRITES_REGISTERS = 'writes:registers';

/** One way in which a program may change the system: what is shown, agreed to and compared. */
export type Reason = `${'type' | 'helper' | 'kfunc'}:${string}` | typeof WRITES_REGISTERS;

export interface ProgramReasons {
  readonly program: string;
  /** Its section, for the reader. */
  readonly section: string;
  readonly reasons: readonly Reason[];
}

export interface ProgramFacts {
  /** enum bpf_prog_type and bpf_attach_type; null: not known here. */
  readonly type: { readonly program: number; readonly attach: number } | null;
  readonly helpers: Iterable<number>;
  /** Kernel functions, by name. */
  readonly kfuncs: Iterable<string>;
  /** True where it may store through its context (context-writes.ts). */
  readonly writesContext?: boolean;
}

/** Why a program needs consent; empty when it only observes. */
export function reasonsOf({ type, helpers, kfuncs, writesContext }: ProgramFacts): Reason[] {
  const typeName = type && changingType(type.program, type.attach);
  const helperNames = [...helpers].map(changingHelper).filter(name => name !== null);
  return [
    ...(typeName ? [`type:${typeName}` as const] : []),
    ...helperNames.map(name => `helper:${name}` as const),
    ...[...kfuncs].filter(isChangingKfunc).map(name => `kfunc:${name}` as const),
    ...(writesContext ? ([WRITES_REGISTERS] as const) : []),
  ];
}

/** A reason as text, the end of "the program ...". Names in it are the object's: escape it where it is shown. */
export function reasonText(reason: Reason): string {
  if (reason === WRITES_REGISTERS) return 'may change registers of processes (it writes into its context)';
  const colon = reason.indexOf(':');
  const name = reason.slice(colon + 1);
  switch (reason.slice(0, colon)) {
    case 'type':
      return typeChanges(name);
    case 'helper':
      return helperChanges(name);
    default:
      return kfuncChanges(name);
  }
}

/** One line for each program: "NAME (SECTION) may do this; does that". */
export const consentLine = ({ program, section, reasons }: ProgramReasons): string =>
  `${program} (${section}) ${reasons.map(reasonText).join('; ')}`;

/** What was agreed to: reasons by program. */
export type Consents = readonly { readonly program: string; readonly reasons: readonly Reason[] }[];

/** The programs with reasons that were not agreed to, with those reasons only. */
export function withoutConsent(programs: readonly ProgramReasons[], consents: Consents): ProgramReasons[] {
  return programs.flatMap(each => {
    const agreed = new Set(
      consents.filter(({ program }) => program === each.program).flatMap(({ reasons }) => reasons),
    );
    const reasons = each.reasons.filter(reason => !agreed.has(reason));
    return reasons.length === 0 ? [] : [{ ...each, reasons }];
  });
}
