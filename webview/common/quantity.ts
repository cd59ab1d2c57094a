/** Formats numbers with units for axes and tables. Pure; used by every panel. */

interface UnitFamily {
  /** Ascending: factor to the family's smallest unit, and the suffix shown. */
  readonly steps: readonly (readonly [factor: number, suffix: string])[];
  /** How many of the smallest unit the given unit is. */
  readonly factor: number;
}

const TIME_STEPS = [
  [1, 'ns'],
  [1e3, 'µs'],
  [1e6, 'ms'],
  [1e9, 's'],
] as const;
/** IEC 80000-13: memory and transfer sizes in BPF tools are powers of two. */
const BYTE_STEPS = [
  [1, 'B'],
  [2 ** 10, 'KiB'],
  [2 ** 20, 'MiB'],
  [2 ** 30, 'GiB'],
  [2 ** 40, 'TiB'],
  [2 ** 50, 'PiB'],
] as const;

/** Every unit with its spellings, lower case. */
const UNITS: readonly (readonly [UnitFamily['steps'], factor: number, spellings: string])[] = [
  [TIME_STEPS, 1, 'ns nsec nsecs nanoseconds'],
  [TIME_STEPS, 1e3, 'us µs μs usec usecs microseconds'],
  [TIME_STEPS, 1e6, 'ms msec msecs milliseconds'],
  [TIME_STEPS, 1e9, 's sec secs seconds'],
  [BYTE_STEPS, 1, 'b byte bytes'],
  [BYTE_STEPS, 2 ** 10, 'kib kb kbytes kilobytes'],
  [BYTE_STEPS, 2 ** 20, 'mib mb'],
];
const FAMILIES: ReadonlyMap<string, UnitFamily> = new Map(
  UNITS.flatMap(([steps, factor, spellings]) =>
    spellings.split(' ').map(name => [name, { steps, factor }] as const),
  ),
);

function familyOf(unit: string): UnitFamily | null {
  return FAMILIES.get(unit.toLowerCase()) ?? null;
}

/** A unit's factor to ns or bytes; null for any other unit. */
export function unitFactor(unit: string): { readonly kind: 'time' | 'size'; readonly factor: number } | null {
  const family = familyOf(unit);
  return family && { kind: family.steps === TIME_STEPS ? 'time' : 'size', factor: family.factor };
}

/** The unit as shown: "us" is µs, "bytes" is B; unknown units are unchanged. */
export function displayUnit(unit: string): string {
  const family = familyOf(unit);
  return family?.steps.find(([factor]) => factor === family.factor)?.[1] ?? unit;
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const decimals = [0, 1, 2, 3].map(
  digits => new Intl.NumberFormat('en-US', { maximumFractionDigits: digits }),
);

/** An exact integer with thousands separators: 12,345. */
export function formatCount(count: number | bigint): string {
  return grouped.format(count);
}

/** A count with its noun: "1 row", "12,345 rows". */
export function countOf(count: number | bigint, one: string, many: string): string {
  return `${formatCount(count)} ${Number(count) === 1 ? one : many}`;
}

/** Three significant digits, no trailing zeros: 1.02, 65.5, 131, 1,234. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return (decimals[digits] ?? grouped).format(value);
}

/** 0.1234 is "12.3 %"; a share too small to show is "< 0.1 %", never 0. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  return `${(share * 100).toFixed(1)} %`;
}

/** Difference of two shares, in percentage points: "+1.2 points". */
export function formatDifference(shares: number): string {
  return `${shares > 0 ? '+' : ''}${(shares * 100).toFixed(1)} points`;
}

const PLAIN_STEPS = [
  [1, ''],
  [1e3, 'k'],
  [1e6, 'M'],
  [1e9, 'G'],
  [1e12, 'T'],
  [1e15, 'P'],
  [1e18, 'E'],
] as const;

/** A count on an axis: 12k, 3.4M. */
export function formatShort(count: number): string {
  const [factor, suffix] = stepFor(PLAIN_STEPS, count);
  return threeDigits(count / factor) + suffix;
}

function stepFor<Step extends readonly [number, string]>(steps: readonly Step[], value: number): Step {
  let best = steps[0] as Step;
  for (const step of steps) if (Math.abs(value) >= step[0]) best = step;
  return best;
}

/** A value of `unit`, scaled to the largest unit in which it is at least 1: 65536 us is "65.5 ms". */
export function formatQuantity(value: number | bigint, unit: string): string {
  const [scaled, suffix] = scale(Number(value), Number(value), unit);
  return suffix === '' ? threeDigits(scaled) : `${threeDigits(scaled)} ${suffix}`.replace(' %', ' %');
}

function scale(value: number, chooseBy: number, unit: string): readonly [scaled: number, suffix: string] {
  const family = familyOf(unit);
  if (!family) {
    const [factor, prefix] = Math.abs(chooseBy) < 1e4 ? PLAIN_STEPS[0] : stepFor(PLAIN_STEPS, chooseBy);
    return [value / factor, unit === '' ? prefix : prefix === '' ? unit : `${prefix} ${unit}`];
  }
  // Zero has no magnitude to choose a unit by: it keeps its own.
  const [factor, suffix] = stepFor(family.steps, (chooseBy || 1) * family.factor);
  return [(value * family.factor) / factor, suffix];
}

/** A bound above this means "no upper bound": the top slot of a 64-bit histogram or an overflow slot. */
const UNBOUNDED = 2 ** 63;

export function isUnbounded(max: number | bigint): boolean {
  return max >= UNBOUNDED;
}

/** Inclusive integer bounds with their unit: "4–7 µs", "65.5–131 ms", "0 µs", "≥ 1.2 s". */
export function formatRange(min: number | bigint, max: number | bigint, unit: string): string {
  const low = Number(min);
  const high = Number(max);
  if (isUnbounded(max)) return `≥ ${formatQuantity(low, unit)}`;
  const by = low > 0 ? low : high;
  const [from, suffix] = scale(low, by, unit);
  const [to] = scale(high, by, unit);
  const range = low === high ? threeDigits(from) : `${threeDigits(from)}–${threeDigits(to)}`;
  return suffix === '' ? range : `${range} ${suffix}`;
}

/** Inclusive bounds with every digit, in the original unit: "65,536–131,071 µs". */
export function formatExactRange(min: number | bigint, max: number | bigint, unit: string): string {
  const suffix = displayUnit(unit);
  const range = isUnbounded(max)
    ? `≥ ${formatCount(min)}`
    : min === max
      ? formatCount(min)
      : `${formatCount(min)}–${formatCount(max)}`;
  return suffix === '' ? range : `${range} ${suffix}`;
}

/** Local time of day, to the second: 10:32:05. */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
