/**
 * Where programs attach when their section alone does not say it: a function, library or probe that a parameter names
 * (BPFW_TARGET of bpf-templates/include/bpfw.h).
 */
import type { Parameter, Program } from '../shared/object/model';
import type { AttachOverride } from '../shared/protocol/helper';
import type { TargetFacts } from './choose-programs';
import { SessionError } from './errors';
import type { Target } from './target';

export interface RuntimeTargetRequest {
  readonly target: Target;
  readonly facts: TargetFacts;
  readonly programs: readonly Program[];
  readonly parameters: readonly Parameter[];
  readonly values: ReadonlyMap<string, string>;
  readonly pid: number | null;
}

/** By program name; programs whose section says it all are left out. Throws SessionError 'attach-point-missing'. */
export async function resolveAttachPoints(
  request: RuntimeTargetRequest,
): Promise<Map<string, AttachOverride>> {
  const overrides = new Map<string, AttachOverride>();
  for (const program of request.programs) {
    const override = await resolveOne(program, request);
    if (override) overrides.set(program.name, override);
  }
  return overrides;
}

async function resolveOne(program: Program, request: RuntimeTargetRequest): Promise<AttachOverride | null> {
  if (program.targetParameter === null) return null;
  const name = parameterText(program.targetParameter, request);
  const { kind } = program.attachPoint;
  if (kind === 'kprobe' || kind === 'kretprobe') {
    const [answer] = await request.facts.functions([name]);
    if (!answer?.symbol) {
      throw new SessionError(
        'attach-point-missing',
        `The kernel has no function '${name}'.`,
        'Choose another function; names are in /proc/kallsyms.',
      );
    }
    return { kind: 'kprobe', function: name, offset: 0, return: kind === 'kretprobe' };
  }
  throw new SessionError(
    'attach-point-missing',
    `${program.section} programs cannot take their target from a parameter.`,
  );
}

function parameterText(name: string, request: RuntimeTargetRequest): string {
  const given = request.values.get(name);
  if (given !== undefined) return given.trim();
  const parameter = request.parameters.find(candidate => candidate.name === name);
  if (!parameter)
    throw new SessionError(
      'unknown-parameter',
      `The program's target is the parameter '${name}', which it does not have.`,
    );
  return parameter.defaultValue;
}
