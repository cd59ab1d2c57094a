/**
 * Programs that are several ways to the same numbers, as objects have them whose loader attaches one: fentry and kprobe of
 * a function, tp_btf, raw_tp and tp of a tracepoint, the old and the new name of a function. Attaching all of them would
 * count everything twice. They are recognised by what they share: the place, the moment, and the maps and variables they use.
 * Objects that declare their alternatives (BPFW_CHOICE) are in choice-groups.ts.
 */
import type { AttachPoint } from '../bpf/attach-point';
import { currentName, systemCallOf } from '../bpf/renamed-functions';
import type { Program } from './model';

/** One of the ways, with all the programs that belong to it (entry and return). */
export interface Way {
  readonly programs: readonly Program[];
}

interface Place {
  /** The same for all ways to one place. */
  readonly key: string;
  readonly moment: 'entry' | 'exit';
  /** As written in the section. */
  readonly name: string;
  /** What costs less and knows more comes first, as in the loaders of libbpf-tools; entry and return have the same. */
  readonly preference: number;
}

interface PlacedProgram {
  readonly program: Program;
  readonly place: Place;
  readonly uses: ReadonlySet<string>;
}

/** Of hostile objects: more programs at one place are compared with none. */
const MOST_AT_A_PLACE = 64;

/** The groups of alternatives, each with its ways in the order of preference; at least two ways each. */
export function alternatives(programs: readonly Program[]): Way[][] {
  const byPlace = new Map<string, PlacedProgram[]>();
  for (const program of programs) {
    if (program.choice !== null || !program.autoload || program.uses.length === 0) continue;
    const place =
      program.targetParameter === null
        ? placeOf(program.attachPoint)
        : setAtRunTime(program.attachPoint, program.targetParameter);
    if (place)
      byPlace.set(place.key, [
        ...(byPlace.get(place.key) ?? []),
        { program, place, uses: new Set(program.uses) },
      ]);
  }
  return [...byPlace.values()]
    .filter(placed => placed.length <= MOST_AT_A_PLACE)
    .flatMap(placed => connected(waysOf(placed), isAlternative))
    .filter(ways => ways.length > 1)
    .map(ways => [...ways].sort(byPreference).map(way => ({ programs: way.map(({ program }) => program) })));
}

/** By the kind of program and the name: of each, those that work on the same data belong together. */
function waysOf(placed: readonly PlacedProgram[]): PlacedProgram[][] {
  const byKind = new Map<string, PlacedProgram[]>();
  for (const each of placed) {
    const key = `${each.place.preference} ${each.place.name}`;
    byKind.set(key, [...(byKind.get(key) ?? []), each]);
  }
  return [...byKind.values()].flatMap(each =>
    connected(each, (a, b) => a.program.uses.some(name => b.uses.has(name))),
  );
}

/** Both count the same moment of the same place in the same maps. */
function isAlternative(a: readonly PlacedProgram[], b: readonly PlacedProgram[]): boolean {
  return a.some(one => b.some(other => isSameMoment(one, other) || isSameMoment(other, one)));
}

/** fexit sees the arguments, too: a kretprobe with the same result needs a map of its own for what the entry knew. */
function isSameMoment(one: PlacedProgram, other: PlacedProgram): boolean {
  const mayUseLess = one.program.attachPoint.kind === 'fexit';
  return (
    one.place.moment === other.place.moment &&
    (one.uses.size === other.uses.size || (mayUseLess && one.uses.size < other.uses.size)) &&
    [...one.uses].every(name => other.uses.has(name))
  );
}

/** The newer name first: where a kernel has both, the older function calls the newer one. */
function byPreference([a]: readonly PlacedProgram[], [b]: readonly PlacedProgram[]): number {
  if (!a || !b) return 0;
  return age(a) - age(b) || a.place.preference - b.place.preference;
}

const age = ({ place }: PlacedProgram): number => (currentName(place.name) === place.name ? 0 : 1);

/** The classes of what is connected directly or through others. */
function connected<T>(all: readonly T[], isConnected: (a: T, b: T) => boolean): T[][] {
  const classes: T[][] = [];
  for (const each of all) {
    const joined = classes.filter(others => others.some(other => isConnected(each, other)));
    for (const others of joined) classes.splice(classes.indexOf(others), 1);
    classes.push([...joined.flat(), each]);
  }
  return classes;
}

function placeOf(point: AttachPoint): Place | null {
  switch (point.kind) {
    case 'fentry':
      return inFunction(point.function, 'entry', 1);
    case 'fexit':
      return inFunction(point.function, 'exit', 1);
    case 'kprobe':
      return point.offset === 0 ? inFunction(point.function, 'entry', 3) : null;
    case 'kretprobe':
      return inFunction(point.function, 'exit', 3);
    case 'ksyscall':
    case 'kretsyscall':
      return point.syscall === ''
        ? null
        : {
            key: `system call ${point.syscall}`,
            moment: point.kind === 'ksyscall' ? 'entry' : 'exit',
            name: point.syscall,
            preference: 2,
          };
    case 'tp_btf':
      return atTracepoint(point.name, 0);
    case 'raw_tp':
      return atTracepoint(point.name, 1);
    case 'tracepoint': {
      const [, moment, call] = /^sys_(enter|exit)_(\w+)$/.exec(point.name) ?? [];
      if (point.category !== 'syscalls' || call === undefined) return atTracepoint(point.name, 2);
      return {
        key: `system call ${call}`,
        moment: moment === 'enter' ? 'entry' : 'exit',
        name: call,
        preference: 0,
      };
    }
    default:
      return null;
  }
}

/** All that one parameter sets is one place. */
function setAtRunTime(point: AttachPoint, parameter: string): Place | null {
  const place = 'function' in point ? placeOf({ ...point, function: parameter }) : null;
  return place && { ...place, key: `parameter ${parameter}` };
}

function inFunction(name: string, moment: Place['moment'], preference: number): Place | null {
  if (name === '') return null;
  const call = systemCallOf(name);
  return { key: call === null ? currentName(name) : `system call ${call}`, moment, name, preference };
}

function atTracepoint(name: string, preference: number): Place | null {
  return name === '' ? null : { key: currentName(name), moment: 'entry', name, preference };
}
