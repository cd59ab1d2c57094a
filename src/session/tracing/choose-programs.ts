/**
 * Chooses, before anything is loaded, which programs of an object this target can attach. Otherwise one missing attach
 * point would make the whole object fail (libbpf loads all or nothing).
 */

import { fixText } from '../../shared/errors/workbench-error';
import { alternatives } from '../../shared/object/alternatives';
import { choiceGroups } from '../../shared/object/choice-groups';
import type { BpfObject, Program } from '../../shared/object/model';
import { SessionError } from '../errors';
import type { Lack, TargetFacts } from '../targets/target-facts';
import { lackOf, type RuntimeTargetLack } from './attach-point-lack';

export interface ChosenGroup {
  readonly group: string;
  readonly rank: number;
  readonly programs: readonly string[];
  /** Why earlier ranks were skipped; empty if the first was chosen. */
  readonly passedOver: readonly { readonly program: string; readonly lack: Lack }[];
}

/** A program that would be attached by its section, and is not. */
export interface LeftOut {
  readonly program: string;
  readonly section: string;
  /**
   * 'alternative': another program counts the same (shared/object/alternatives.ts). 'missing': the target lacks its attach
   * point. 'excluded': on request.
   */
  readonly because: 'alternative' | 'missing' | 'excluded';
  /** A clause: "the kernel has no function 'x'". */
  readonly why: string;
  /** Maps and variables that only programs use that are left out: they stay empty. */
  readonly unfilled: readonly string[];
}

/** For the user, in one line. */
export function leftOutLine({ program, section, why, unfilled }: LeftOut): string {
  const empty =
    unfilled.length > 0 ? `; ${unfilled.join(', ')} ${unfilled.length > 1 ? 'stay' : 'stays'} empty` : '';
  return `${program} (${section}) is not attached: ${why}${empty}`;
}

/** Which programs the user named; nothing named: those that the object and the target determine. */
export interface NamedPrograms {
  /** Exactly these are attached, or none. */
  readonly only?: readonly string[];
  /** Never attached: their group uses its next rank. */
  readonly without?: readonly string[];
}

export interface ProgramChoice {
  /** Programs to load, in the object's order. */
  readonly load: readonly Program[];
  readonly groups: readonly ChosenGroup[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * `refused`: programs the kernel refused to attach although their attach point seemed to exist: they count as lacking,
 * so another call chooses the next rank. A program whose attach point is missing is left out, and the others attach, as
 * with a loader that asks what the kernel has; but a group of ranks (BPFW_CHOICE), what a program declares it needs
 * (BPFW_NEEDS) and programs named by the user are required. Throws SessionError 'attach-point-missing' that names
 * everything the target lacks if something required, or everything, is missing.
 */
export async function choosePrograms(
  object: BpfObject,
  facts: TargetFacts,
  refused: ReadonlyMap<string, Lack> = new Map(),
  runtimeTargetLack: RuntimeTargetLack = async () => null,
  { only, without = [] }: NamedPrograms = {},
): Promise<ProgramChoice> {
  const lacks = new Map<Program, Lack>();
  const isWanted = only
    ? (program: Program) => only.includes(program.name)
    : // Loaded only when selected: a missing attach point is not an error.
      (program: Program) => program.choice !== null || program.autoload;
  const wanted = object.programs.filter(isWanted);
  for (const program of wanted) {
    const lack = without.includes(program.name)
      ? EXCLUDED
      : (refused.get(program.name) ?? (await lackOf(program, facts, runtimeTargetLack)));
    if (lack) lacks.set(program, lack);
  }
  const lackingOf = (programs: readonly Program[]): Lacking[] =>
    programs.flatMap(program => {
      const lack = lacks.get(program);
      return lack ? [{ program, lack }] : [];
    });
  if (only) {
    if (lacks.size > 0) throw missing(lackingOf(wanted));
    return { load: wanted, groups: [], leftOut: [] };
  }

  const chosen = new Set<Program>();
  const groups = [...choiceGroups(object.programs)].map(([group, ranks]) => {
    const taken = ranks.find(rank => lackingOf(rank.programs).length === 0);
    const passed = lackingOf(
      ranks.filter(rank => taken === undefined || rank.rank < taken.rank).flatMap(rank => rank.programs),
    );
    if (!taken) throw missing(passed);
    for (const program of taken.programs) chosen.add(program);
    return {
      group,
      rank: taken.rank,
      programs: taken.programs.map(program => program.name),
      passedOver: passed.map(({ program, lack }) => ({ program: program.section, lack })),
    };
  });

  const others = wanted.filter(program => program.choice === null);
  const absent = lackingOf(others).filter(({ lack }) => lack !== EXCLUDED);
  const required = absent.filter(({ program }) => program.needs.length > 0);
  if (required.length > 0) throw missing(required);
  const spare = spareWays(others, program => !lacks.has(program));
  for (const program of others) if (!lacks.has(program) && !spare.has(program)) chosen.add(program);
  if (chosen.size === 0 && absent.length > 0) throw missing(absent);
  const load = object.programs.filter(program => chosen.has(program));
  const filled = new Set(load.flatMap(program => program.uses));
  return {
    load,
    groups,
    leftOut: others
      .filter(program => !chosen.has(program))
      .map(program => ({
        program: program.name,
        section: program.section,
        ...reasonOf(spare.get(program), lacks.get(program)),
        unfilled: program.uses.filter(name => !filled.has(name)),
      })),
  };
}

interface Lacking {
  readonly program: Program;
  readonly lack: Lack;
}

const EXCLUDED: Lack = { what: 'it was excluded on request', fix: null };

function reasonOf(instead: Program | undefined, lack: Lack | undefined): Pick<LeftOut, 'because' | 'why'> {
  if (instead) return { because: 'alternative', why: `${instead.name} (${instead.section}) counts the same` };
  return { because: lack === EXCLUDED ? 'excluded' : 'missing', why: lack?.what ?? '' };
}

/** Of several ways to the same numbers the first that the target has is taken: the programs of the others, each with one that is taken. */
export function spareWays(
  programs: readonly Program[],
  isPresent: (program: Program) => boolean,
): Map<Program, Program> {
  const spare = new Map<Program, Program>();
  for (const ways of alternatives(programs)) {
    const taken = ways.find(way => way.programs.every(isPresent));
    const [instead] = taken?.programs ?? [];
    if (!instead) continue;
    for (const way of ways) if (way !== taken) for (const each of way.programs) spare.set(each, instead);
  }
  return spare;
}

function missing(passed: readonly Lacking[]): SessionError {
  // A run-time target's lack names function, probe and file itself; the section ("uprobe") would add nothing.
  const sections = new Map<string, string[]>();
  for (const { program, lack } of passed) {
    const section = program.targetParameter === null ? [program.section] : [];
    sections.set(lack.what, [...(sections.get(lack.what) ?? []), ...section]);
  }
  const lines = [...sections].map(([what, wanting]) =>
    wanting.length > 0 ? `${[...new Set(wanting)].join(', ')}: ${what}` : what,
  );
  const fixes = new Map(passed.flatMap(({ lack: { fix } }) => (fix ? [[fixText(fix), fix] as const] : [])));
  const [only = null, ...others] = fixes.values();
  return new SessionError(
    'attach-point-missing',
    `This target lacks attach points the program needs: ${lines.join('; ')}.`,
    others.length > 0 ? { text: [...fixes.keys()].join(' or: ') } : only,
  );
}
