import type { Btf, BtfTypeId } from '../btf/btf-model';
import { parseCInteger } from '../c/integer';

const PREFIX = 'bpfw:';

/** The decl tags of bpf-templates/include/bpfw.h on one declaration: `bpfw:name` or `bpfw:name=text`. */
export interface Tags {
  /** True when there are no tags. */
  readonly empty: boolean;
  has(name: string): boolean;
  /** The text after '=', '' for a tag without one, null when there is no such tag. Of several tags the first. */
  get(name: string): string | null;
  all(name: string): readonly string[];
  /** The value as a C integer literal; null when missing or not an integer. */
  integer(name: string): bigint | null;
}

/** Tags of a declaration (component -1), or of one member or argument. Tags without the bpfw: prefix are ignored. */
export function readTags(btf: Btf, id: BtfTypeId, component = -1): Tags {
  const pairs: (readonly [string, string])[] = [];
  for (const tag of btf.declTags(id, component)) {
    if (!tag.startsWith(PREFIX)) continue;
    const equals = tag.indexOf('=');
    pairs.push(
      equals < 0 ? [tag.slice(PREFIX.length), ''] : [tag.slice(PREFIX.length, equals), tag.slice(equals + 1)],
    );
  }
  return tagsOf(pairs);
}

export const NO_TAGS: Tags = tagsOf([]);

function tagsOf(pairs: readonly (readonly [string, string])[]): Tags {
  const all = (name: string) => pairs.filter(pair => pair[0] === name).map(pair => pair[1]);
  const get = (name: string) => all(name)[0] ?? null;
  return {
    empty: pairs.length === 0,
    has: name => pairs.some(pair => pair[0] === name),
    get,
    all,
    integer: name => {
      const text = get(name);
      return text === null ? null : parseCInteger(text);
    },
  };
}
