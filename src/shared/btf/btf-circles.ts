import { BTF_KIND, TYPE_BYTES } from './btf-type';

/** By BTF_KIND_* (include/uapi/linux/btf.h): index of the word with the single referenced type; 0: none or several. */
const TARGET_WORDS = [0, 0, 2, 3, 0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 2, 0];
const HEAD_WORDS = TYPE_BYTES / 4;
/** Limit of the nesting in one C declaration (pointers to arrays of pointers …); the kernel's longest has less than 20 levels. */
const MAX_DEPTH = 128;
const OPEN = 255;

/**
 * The first type whose C declaration would be infinite, because it refers to itself only through pointers, arrays,
 * qualifiers, typedefs and parameters, or is nested too deeply; null when there is none. Structs and unions end a
 * declaration, because they are referred to by name. References to types before `firstId` (the base of split BTF) are not
 * followed.
 */
export function endlessType(words: Uint32Array, offsets: Uint32Array, firstId: number): number | null {
  const walk = new Walk(words, offsets, firstId);
  for (let index = 0; index < offsets.length; index++)
    if (!walk.isEnd(index) && walk.depthOf(index, 0) > MAX_DEPTH) return firstId + index;
  return null;
}

class Walk {
  /** By type: 1 plus the depth of the types it refers to; 0: not computed yet. */
  private readonly depths: Uint8Array;

  constructor(
    private readonly words: Uint32Array,
    private readonly offsets: Uint32Array,
    private readonly firstId: number,
  ) {
    this.depths = new Uint8Array(offsets.length);
  }

  /** Whether its declaration refers to no other type; true for ids outside the table. */
  isEnd(index: number): boolean {
    if (index < 0 || index >= this.offsets.length) return true;
    const kind = ((this.words[((this.offsets[index] as number) >>> 2) + 1] as number) >>> 24) & 0x1f;
    return TARGET_WORDS[kind] === 0 && kind !== BTF_KIND.func_proto;
  }

  /** More than MAX_DEPTH for an infinite declaration; `level` is the type's own depth. */
  depthOf(start: number, level: number): number {
    const { words, offsets, depths, firstId } = this;
    let below = 0;
    let steps = 0;
    let index = start;
    // Most types refer to one other type: a loop avoids a call for each of a hundred thousand.
    while (index >= 0 && index < offsets.length) {
      const known = depths[index] as number;
      if (known > 0) {
        below = known;
        break;
      }
      const at = (offsets[index] as number) >>> 2;
      const kind = ((words[at + 1] as number) >>> 24) & 0x1f;
      const target = TARGET_WORDS[kind] as number;
      if (target === 0) {
        if (kind === BTF_KIND.func_proto) below = this.depthOfPrototype(index, at, level + steps);
        break;
      }
      if (level + ++steps > MAX_DEPTH) return OPEN;
      index = (words[at + target] as number) - firstId;
    }
    const depth = below + steps;
    if (depth > MAX_DEPTH) return OPEN;
    index = start;
    for (let left = depth; left > below; left--) {
      depths[index] = left;
      const at = (offsets[index] as number) >>> 2;
      index =
        (words[at + (TARGET_WORDS[((words[at + 1] as number) >>> 24) & 0x1f] as number)] as number) - firstId;
    }
    return depth;
  }

  private depthOfPrototype(index: number, at: number, level: number): number {
    const { words, depths, firstId } = this;
    if (level >= MAX_DEPTH) return OPEN;
    depths[index] = OPEN;
    // The return type, then the name and the type of each parameter.
    let deepest = this.depthOf((words[at + 2] as number) - firstId, level + 1);
    const end = at + HEAD_WORDS + 2 * ((words[at + 1] as number) & 0xffff);
    for (let word = at + HEAD_WORDS + 1; word < end && deepest < MAX_DEPTH; word += 2) {
      const parameter = (words[word] as number) - firstId;
      if (!this.isEnd(parameter)) deepest = Math.max(deepest, this.depthOf(parameter, level + 1));
    }
    depths[index] = Math.min(OPEN, deepest + 1);
    return deepest + 1;
  }
}
