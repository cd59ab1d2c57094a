/** What a process has mapped (proc(5), /proc/PID/maps), gathered while it lives: a process that ended tells nothing. */

export interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  /** Offset in the file of the mapping's first byte. */
  readonly offset: bigint;
  /** A file, or "[vdso]" and its like. */
  readonly path: string;
}

/** Executable mappings only: those that hold code. */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+\s+(\S.*)$/.exec(line);
    if (!match) continue;
    const [, start = '0', end = '0', offset = '0', path = ''] = match;
    mappings.push({
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      offset: BigInt(`0x${offset}`),
      path,
    });
  }
  return mappings;
}

/** Of code; what a process unmaps is not heard of, so one that maps new places for ever would fill the memory. */
const MAPPINGS_KEPT = 2048;

/** Mappings of one process over time; the newest wins where they overlap (exec, dlopen). */
export class ProcessMaps {
  private mappings: readonly Mapping[] = [];

  add(newer: readonly Mapping[]): void {
    const kept = this.mappings.filter(
      old => !newer.some(mapping => mapping.start < old.end && old.start < mapping.end),
    );
    this.mappings = [...kept, ...newer].slice(-MAPPINGS_KEPT);
  }

  /** What a new process has of the one that created it; its own mappings stay. */
  inherit(parent: ProcessMaps): void {
    const own = this.mappings;
    this.mappings = parent.mappings;
    this.add(own);
  }

  /** Every file mapped, each once. */
  files(): ReadonlySet<string> {
    return new Set(this.mappings.map(mapping => mapping.path).filter(path => path.startsWith('/')));
  }

  find(address: bigint): Mapping | null {
    return this.mappings.find(mapping => address >= mapping.start && address < mapping.end) ?? null;
  }
}
