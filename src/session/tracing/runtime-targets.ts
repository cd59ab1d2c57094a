/**
 * Attach points of programs whose section alone does not determine them: a function, library, probe or sampling
 * frequency named by a parameter (BPFW_TARGET, BPFW_IFUNC and BPFW_PERF of bpf-templates/include/bpfw.h).
 */
import type { Program } from '../../shared/object/model';
import type { AttachOverride } from '../../shared/protocol/tracer';
import { SessionError } from '../errors';
import type { Lack, TargetFacts } from '../targets/target-facts';
import { userFile } from '../targets/user-files';
import { requireUsdtProbe, resolveUserFunction } from '../targets/user-functions';
import type { StartRequest } from './start-request';

type RuntimeTargetRequest = Pick<StartRequest, 'target' | 'object' | 'parameters' | 'pid'>;

type Resolved = { readonly override: AttachOverride | null } | { readonly lack: Lack };

/**
 * The run-time targets of one object's programs with the given parameters, each looked up once. A missing one counts as
 * a lack while programs are chosen, so that another of its group can take its place.
 */
export class RuntimeTargets {
  private readonly known = new Map<Program, Promise<Resolved>>();

  constructor(
    private readonly request: RuntimeTargetRequest,
    private readonly facts: TargetFacts,
  ) {}

  /** Throws SessionError 'bad-parameter' or 'unknown-parameter'. */
  async lack(program: Program): Promise<Lack | null> {
    const resolved = await this.resolve(program);
    return 'lack' in resolved ? resolved.lack : null;
  }

  /** By program name; without programs whose section is sufficient. Throws SessionError 'attach-point-missing'. */
  async overrides(programs: readonly Program[]): Promise<Map<string, AttachOverride>> {
    const overrides = new Map<string, AttachOverride>();
    for (const program of programs) {
      const resolved = await this.resolve(program);
      if ('lack' in resolved)
        throw new SessionError('attach-point-missing', resolved.lack.what, resolved.lack.fix);
      if (resolved.override) overrides.set(program.name, resolved.override);
    }
    return overrides;
  }

  private resolve(program: Program): Promise<Resolved> {
    const known =
      this.known.get(program) ??
      resolveOne(program, this.request, this.facts).then(
        override => ({ override }),
        error => {
          if (error instanceof SessionError && error.code === 'attach-point-missing')
            return { lack: { what: sentenceWithin(error.message), fix: error.fix } };
          throw error;
        },
      );
    this.known.set(program, known);
    return known;
  }
}

/** A lack is part of a sentence. */
const sentenceWithin = (message: string): string => message.replace(/\.$/, '');

async function resolveOne(
  program: Program,
  request: RuntimeTargetRequest,
  facts: TargetFacts,
): Promise<AttachOverride | null> {
  if (program.perf) return perfOverride(program.perf, request);
  if (program.targetParameter === null) return null;
  const name = parameterText(program.targetParameter, request);
  if (name === '') {
    if (isDeclared(program.targetParameter, request)) return { kind: 'none' };
    throw placeholder(program, program.targetParameter, facts);
  }
  const { kind } = program.attachPoint;
  switch (kind) {
    case 'kprobe':
    case 'kretprobe':
      await requireKernelFunction(name, facts);
      return { kind: 'kprobe', function: name, offset: 0, return: kind === 'kretprobe' };
    case 'fentry':
    case 'fexit':
      await requireKernelFunction(name, facts);
      return { kind: 'fentry', function: name };
    case 'uprobe':
    case 'uretprobe': {
      const path = await filePath(program, request);
      const offset = await resolveUserFunction({
        target: request.target,
        path,
        name,
        ifunc: program.ifunc,
        pid: request.pid,
      });
      return {
        kind: 'uprobe',
        path,
        offset: String(offset),
        return: kind === 'uretprobe',
        pid: request.pid ?? 0,
        semaphoreOffset: '0',
      };
    }
    case 'usdt': {
      const [provider, probe, ...rest] = name.split(':');
      if (!provider || !probe || rest.length > 0)
        throw new SessionError('bad-parameter', `'${name}' is not of the form provider:probe.`);
      const path = await filePath(program, request);
      await requireUsdtProbe(path, provider, probe);
      return { kind: 'usdt', path, provider, probe, pid: request.pid ?? 0 };
    }
    default:
      throw new SessionError(
        'attach-point-missing',
        `${program.section} programs cannot take their target from a parameter.`,
      );
  }
}

/** False for the target of a placeholder section (shared/object/placeholders.ts). */
const isDeclared = (name: string, { object }: RuntimeTargetRequest): boolean =>
  object.parameters.some(parameter => parameter.name === name && parameter.section !== '');

const MOST_PROPOSED = 3;

/** What a section that only stands for a function should be set to, with functions whose names have its words. */
function placeholder({ section, attachPoint }: Program, name: string, { btf }: TargetFacts): SessionError {
  const what = `SEC("${section}") stands for a function that the object's loader chooses`;
  if (!/^k(ret)?probe$|^fe(ntry|xit)$/.test(attachPoint.kind))
    return new SessionError('attach-point-missing', `${what}.`, {
      text: `Set -p ${name}=NAME and -p path=FILE.`,
    });
  const words = name.replace(/^(dummy|placeholder)_?/i, '');
  const proposed: string[] = [];
  for (const id of words === name ? [] : btf.ids('func')) {
    const type = btf.type(id);
    if (type.kind === 'func' && type.name.includes(words)) proposed.push(type.name);
    if (proposed.length === MOST_PROPOSED) break;
  }
  const examples = proposed.length > 0 ? `, such as ${proposed.join(', ')}` : '';
  return new SessionError('attach-point-missing', `${what}.`, {
    text: `Set -p ${name}=FUNCTION${examples}.`,
  });
}

/** enum perf_type_id and configs of include/uapi/linux/perf_event.h. */
const PERF_EVENTS = {
  'cpu-cycles': { type: 0, config: '0' },
  'cpu-clock': { type: 1, config: '0' },
} as const;
/** PERF_SAMPLE_BRANCH_USER | KERNEL | ANY. */
const BRANCHES_ANY = '11';

function perfOverride(perf: NonNullable<Program['perf']>, request: RuntimeTargetRequest): AttachOverride {
  const frequencyHz = Number(parameterText(perf.frequencyParameter, request));
  if (!Number.isInteger(frequencyHz) || frequencyHz < 1) {
    throw new SessionError(
      'bad-parameter',
      `${perf.frequencyParameter} must be a frequency of 1 Hz or more.`,
    );
  }
  return {
    kind: 'perf',
    ...PERF_EVENTS[perf.event],
    frequencyHz,
    cpu: -1,
    pid: 0,
    branchSampleType: perf.branches ? BRANCHES_ANY : '0',
  };
}

async function requireKernelFunction(name: string, facts: TargetFacts): Promise<void> {
  const [answer] = await facts.functions([name]);
  if (!answer?.symbol) {
    throw new SessionError('attach-point-missing', `The kernel has no function '${name}'.`, {
      text: 'Choose another one; /proc/kallsyms lists them.',
    });
  }
}

/** The file in which the program's symbol or probe is looked up: the parameter of role "path". */
async function filePath(program: Program, request: RuntimeTargetRequest): Promise<string> {
  const parameter = request.object.parameters.find(candidate => candidate.role === 'path');
  if (!parameter)
    throw new SessionError(
      'attach-point-missing',
      `${program.section} needs a parameter of role "path" that names the file.`,
    );
  const file = parameterText(parameter.name, request);
  if (file === '' && parameter.section === '')
    throw new SessionError(
      'attach-point-missing',
      `SEC("${program.section}") means a file that the object's loader chooses.`,
      { text: `Set -p ${parameter.name}=FILE to the program or library.` },
    );
  return userFile(file);
}

function parameterText(name: string, request: RuntimeTargetRequest): string {
  const given = request.parameters.get(name);
  if (given !== undefined) return given.trim();
  const parameter = request.object.parameters.find(candidate => candidate.name === name);
  if (!parameter)
    throw new SessionError(
      'unknown-parameter',
      `The program's target is the parameter '${name}', which does not exist.`,
    );
  return parameter.defaultValue;
}
