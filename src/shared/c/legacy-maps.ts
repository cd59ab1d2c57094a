/** Maps as they were described before BTF: `struct bpf_map_def SEC("maps") name = { … };`, which libbpf 1.0 no longer reads. */

export interface LegacyMap {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

const DECLARED =
  /\bSEC\(\s*"maps(?:\/[^"\n]*)?"\s*\)\s*(?:struct\s+\w+\s+)?(\w+)\s*[=;]|\bstruct\s+bpf_map_def\s+(\w+)\s+SEC\(\s*"maps/g;

/** In the order of the text, with the section on either side of the name. */
export function legacyMaps(text: string): LegacyMap[] {
  return [...text.matchAll(DECLARED)].flatMap(match => {
    const name = match[1] ?? match[2];
    if (name === undefined) return [];
    return [{ name, line: text.slice(0, match.index + match[0].indexOf(name)).split('\n').length }];
  });
}
