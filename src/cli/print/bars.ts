import { SLOT_RULES } from '../../shared/bpf/map-role';
import { formatValue } from '../../shared/decode/format';
import type { Bucket, Histogram } from '../../shared/decode/model';
import { percentiles } from '../../shared/decode/percentile';
import type { RecordLayout } from '../../shared/object/model';

const BAR_WIDTH = 40;
const PERCENTS = [50, 90, 99, 99.9];
/** The upper bound of an open-ended slot. */
const OPEN = 0xffffffffffffffffn;

/** A histogram as aligned rows with bars: `|@@@@    |`; its key is formatted with the meanings in `keyLayout`. */
export function histogramRows(histogram: Histogram, keyLayout: RecordLayout | null): string[] {
  const { buckets, total, unit, slots, sum } = histogram;
  const bounds = buckets.map(boundsOf);
  const boundsWidth = Math.max(unit.length + 6, ...bounds.map(text => text.length));
  const countWidth = Math.max(5, ...buckets.map(bucket => String(bucket.count).length));
  const most = Math.max(1, ...buckets.map(bucket => bucket.count));
  const title = `${histogram.label}${keyOf(histogram, keyLayout)}: ${total} ${total === 1 ? 'value' : 'values'}${sum === undefined ? '' : `, ${sum} in all`}`;
  if (buckets.length === 0) return [title, '  (no values)'];
  const rule = slots?.assumed
    ? [`  assumed: ${SLOT_RULES[slots.convention]}; BPFW_SLOT_KIND() states it`]
    : [];
  const head = `${(unit || 'value').padStart(boundsWidth)} : ${'count'.padStart(countWidth)}`;
  const rows = buckets.map((bucket, index) => {
    const bar = '@'.repeat(Math.round((bucket.count / most) * BAR_WIDTH)).padEnd(BAR_WIDTH);
    return `${(bounds[index] ?? '').padStart(boundsWidth)} : ${String(bucket.count).padStart(countWidth)} |${bar}|`;
  });
  return [
    title,
    ...rule,
    ...(histogram.kind === 'percentiles' ? [percentileLine(histogram)] : []),
    head,
    ...rows,
  ];
}

function boundsOf({ min, max }: Bucket): string {
  if (max === OPEN) return `${min} and more`;
  return min === max ? String(min) : `${min} -> ${max}`;
}

/** "  p50 3.1 ms  p90 ...": of a percentile in the lowest or the open slot only that slot's bound is known. */
function percentileLine({ buckets, unit }: Histogram): string {
  const values = percentiles(buckets, PERCENTS).map((percentile, index) => {
    const value = percentile ?? 0;
    const { min, max } = buckets.find(bucket => value <= Number(bucket.max)) ?? { min: 0, max: 0 };
    const text =
      max === OPEN
        ? `>= ${min}`
        : Number(min) === 0
          ? `< ${Number(max) + 1}`
          : String(Number(value.toPrecision(3)));
    return `p${PERCENTS[index]} ${text} ${unit}`;
  });
  return `  ${values.join('   ')}`;
}

function keyOf({ key }: Histogram, layout: RecordLayout | null): string {
  if (!key) return '';
  const parts = Object.entries(key).flatMap(([name, value]) => {
    const field = layout?.fields.find(candidate => candidate.name === name);
    if (field?.hidden) return [];
    return [`${field?.label ?? name} ${field ? formatValue(value, field) : String(value)}`];
  });
  return ` [${parts.join(', ')}]`;
}
