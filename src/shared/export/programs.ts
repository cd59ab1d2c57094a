/**
 * Chooses the programs to export. BPF Workbench chooses among alternatives when it attaches; other engines load every
 * program of the object, so the choice is made during the export.
 */
import { type ChoiceRank, choiceGroups } from '../object/choice-groups';
import type { BpfObject, Program } from '../object/model';
import { type Engine, ExportError } from './model';

export interface ChosenPrograms {
  /** Programs to keep, with their section for the other engine. */
  readonly kept: ReadonlyMap<string, string>;
  readonly dropped: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** Chooses from each group the lowest rank of which the engine can attach all programs. Throws ExportError 'nothing-attachable'. */
export function choosePrograms(object: BpfObject, engine: Engine): ChosenPrograms {
  const kept = new Map<string, string>();
  const dropped = new Map<string, string>();
  const notes: string[] = [];
  const take = (program: Program) => {
    const there = engine.sectionFor(program, object);
    if ('section' in there) {
      kept.set(program.name, there.section);
      if (program.needs.length > 0)
        notes.push(`${program.name} requires on the target: ${program.needs.join(', ')}.`);
      if (program.ifunc !== null)
        notes.push(
          `${program.name} will attach to the symbol itself, not to the ${program.ifunc} of an IFUNC.`,
        );
    } else {
      dropped.set(program.name, there.why);
      notes.push(`${program.name} (${program.section}) is omitted: ${there.why}.`);
    }
  };
  for (const program of object.programs.filter(each => !each.choice)) {
    if (program.autoload) take(program);
    else dropped.set(program.name, 'it is loaded only on request');
  }
  for (const [group, ranks] of choiceGroups(object.programs)) {
    const can = ({ programs }: ChoiceRank) =>
      programs.every(program => 'section' in engine.sectionFor(program, object));
    const chosen = ranks.find(can) ?? ranks[0];
    for (const program of chosen?.programs ?? []) take(program);
    for (const program of ranks.flatMap(each => (each === chosen ? [] : each.programs))) {
      dropped.set(program.name, `another program of its group "${group}" was chosen`);
    }
  }
  if (kept.size === 0) {
    throw new ExportError(
      'nothing-attachable',
      `${engine.name} cannot attach any program of ${object.name}: ${[...dropped].map(([name, why]) => `${name}: ${why}`).join('; ')}.`,
      { text: 'Add a program that attaches to a function or tracepoint by name.' },
    );
  }
  return { kept, dropped, notes };
}

/** The section completed with the defaults of the parameters it depends on; null when a default is empty. */
export function completeSection(program: Program, object: BpfObject): string | null {
  const point = program.attachPoint;
  const target =
    object.parameters.find(parameter => parameter.name === program.targetParameter)?.defaultValue ?? '';
  const path = object.parameters.find(parameter => parameter.role === 'path')?.defaultValue ?? '';
  switch (point.kind) {
    case 'fentry':
    case 'fexit':
    case 'kprobe':
    case 'kretprobe':
      if (program.targetParameter === null) return point.function === '' ? null : program.section;
      return target === '' ? null : `${point.kind}/${target}`;
    case 'uprobe':
    case 'uretprobe': {
      if (program.targetParameter === null) return point.symbol === '' ? null : program.section;
      return target === '' || path === '' ? null : `${point.kind}/${path}:${target}`;
    }
    case 'usdt':
      if (program.targetParameter === null) return point.probe === '' ? null : program.section;
      return target === '' || path === '' ? null : `usdt/${path}:${target}`;
    default:
      return program.section;
  }
}
