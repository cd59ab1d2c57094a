/** Places the labels of percentile marks so that neighbours do not overlap. */

export interface PlacedMark {
  /** Name of the mark, or of several at the same place: "p50 · p90". */
  readonly label: string;
  readonly x: number;
  /** Line of text above the plot, 0 at the top. */
  readonly level: number;
  /** The label is before the line instead of after it. */
  readonly toLeft: boolean;
  /** Only the largest value is marked here. */
  readonly isMax: boolean;
}

/** Marks closer than this share one line and one label. */
const TOGETHER_PX = 4;
const GAP_PX = 8;

/**
 * One entry per line to draw, from left to right. `marks` ascend by `x`, in CSS pixels; labels must end at `right`;
 * `widthOf` measures one. Each label takes the first of `levels` lines of text that is free there; if none is, the
 * lines are used in turn.
 */
export function placeMarks(
  marks: readonly { readonly name: string; readonly x: number }[],
  right: number,
  levels: number,
  widthOf: (label: string) => number,
): PlacedMark[] {
  const groups: { names: string[]; x: number }[] = [];
  for (const { name, x } of marks) {
    const last = groups.at(-1);
    if (last && x - last.x < TOGETHER_PX) last.names.push(name);
    else groups.push({ names: [name], x });
  }
  const ends = Array.from({ length: levels }, () => Number.NEGATIVE_INFINITY);
  return groups.map(({ names, x }, index) => {
    const label = names.join(' · ');
    const width = widthOf(label) + GAP_PX;
    const toLeft = x + width > right;
    const start = toLeft ? x - width : x;
    const free = ends.findIndex(end => end <= start);
    const level = free < 0 ? index % levels : free;
    ends[level] = start + width;
    return { label, x, level, toLeft, isMax: names.every(name => name === 'max') };
  });
}
