/**
 * Consent to programs that may change the system: asked for exactly the programs that are about to be loaded, however
 * the tracer got its privileges, and again if the tracer finds more in them than the object showed.
 */
import {
  type Consents,
  type ProgramReasons,
  reasonsOf,
  withoutConsent,
} from '../../shared/bpf/program-policy';
import { kindOf } from '../../shared/bpf/section-kinds';
import type { BpfObject, Program } from '../../shared/object/model';
import { LIMITS, type OpenSession } from '../../shared/protocol/tracer';
import { cancelled } from '../errors';
import { TracerRequestError } from '../targets/tracer-connection';

export interface ProgramConsentRequest {
  /** What is being attached, for the title. */
  readonly objectName: string;
  /** What they may change: "this kernel (6.1.0-18-amd64)". */
  readonly target: string;
  readonly programs: readonly ProgramReasons[];
}

/** Asks the user. False: they declined. A command line, which cannot ask, throws an error that names the option to add. */
export type AskProgramConsent = (request: ProgramConsentRequest) => Promise<boolean>;

/** What the object shows about a program; empty if it only observes. */
export function programReasons(program: Program): ProgramReasons {
  return {
    program: program.name,
    section: program.section,
    reasons: reasonsOf({
      type: kindOf(program.section)?.type ?? null,
      helpers: program.helperIds,
      // libbpf resolves "name" if a program calls "name___flavor".
      kfuncs: program.kfuncs.map(name => name.replace(/___[^_].*$/, '').slice(0, LIMITS.nameBytes)),
    }),
  };
}

/** The consent given while one session starts. */
export class ProgramConsent {
  private agreed: Consents = [];

  constructor(
    private readonly object: BpfObject,
    private readonly target: string,
    private readonly ask: AskProgramConsent,
  ) {}

  get consented(): OpenSession['consented'] {
    return this.agreed.map(({ program, reasons }) => ({ program, reasons: [...reasons] }));
  }

  /** Asks if anything in the programs was not agreed to yet. Throws SessionError 'cancelled' if the user declines. */
  async require(programs: readonly ProgramReasons[]): Promise<void> {
    const open = withoutConsent(programs, this.agreed);
    if (open.length === 0) return;
    if (!(await this.ask({ objectName: this.object.name, target: this.target, programs: open })))
      throw cancelled();
    this.agreed = [...this.agreed, ...open];
  }

  /** True if the tracer refused for lack of consent and it was given since: the request is then repeated. */
  async gave(error: unknown): Promise<boolean> {
    const programs =
      error instanceof TracerRequestError && error.code === 'needs-consent' && error.data.needsConsent;
    if (!programs || withoutConsent(programs, this.agreed).length === 0) return false;
    await this.require(programs);
    return true;
  }
}
