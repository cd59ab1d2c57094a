/** A process's mappings (proc(5), /proc/PID/maps), collected while it runs, because they are gone when it exits. */

export interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  /** File offset of the mapping's first byte. */
  readonly offset: bigint;
  /** A file, or "[vdso]" and the like. */
  readonly path: string;
}

/** The executable mappings only. */
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

/** Limit per process: unmapping is not reported, so a process that keeps mapping new addresses would fill the memory. */
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

  /** Adds the parent's mappings to those of a new process; its own take precedence. */
  inherit(parent: ProcessMaps): void {
    const own = this.mappings;
    this.mappings = parent.mappings;
    this.add(own);
  }

  /** All mapped files, each once. */
  files(): ReadonlySet<string> {
    return new Set(this.mappings.map(mapping => mapping.path).filter(path => path.startsWith('/')));
  }

  find(address: bigint): Mapping | null {
    return this.mappings.find(mapping => address >= mapping.start && address < mapping.end) ?? null;
  }
}
