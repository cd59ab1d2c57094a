/** Stacks in the formats of other tools. */
import type { StackSample } from '../../src/shared/protocol/webview';
import { foldedFrame, printableJson } from '../../src/shared/text/escape';
import { frameLabel, type Weight, weightOf } from './stack-tree';

/** Folded stacks for flamegraph.pl: "outer;inner weight" per line. */
export function foldedStacks(samples: readonly StackSample[], weight: Weight): string {
  const lines = new Map<string, number>();
  for (const sample of samples) {
    const line = sample.frames.map(frame => foldedFrame(frameLabel(frame))).join(';');
    lines.set(line, (lines.get(line) ?? 0) + weightOf(sample, weight));
  }
  return [...lines.entries()]
    .filter(([line, amount]) => line !== '' && amount > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([line, amount]) => `${line} ${amount}\n`)
    .join('');
}

/** speedscope's file format: https://www.speedscope.app/file-format-schema.json, one "sampled" profile. */
export function speedscopeProfile(
  samples: readonly StackSample[],
  weight: Weight,
  name: string,
  unit: string,
): string {
  const frames: { name: string; file?: string }[] = [];
  const indices = new Map<string, number>();
  const stacks = samples.map(sample =>
    sample.frames.map(frame => {
      const key = `${frameLabel(frame)}\u0000${frame.module}`;
      let index = indices.get(key);
      if (index === undefined) {
        index = frames.length;
        indices.set(key, index);
        frames.push(
          frame.module === '' ? { name: frameLabel(frame) } : { name: frameLabel(frame), file: frame.module },
        );
      }
      return index;
    }),
  );
  const weights = samples.map(sample => weightOf(sample, weight));
  const units: Readonly<Record<string, string>> = {
    ns: 'nanoseconds',
    us: 'microseconds',
    ms: 'milliseconds',
    bytes: 'bytes',
  };
  return printableJson(
    JSON.stringify({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      name,
      shared: { frames },
      profiles: [
        {
          type: 'sampled',
          name,
          unit: weight === 'value' ? (units[unit] ?? 'none') : 'none',
          startValue: 0,
          endValue: weights.reduce((sum, amount) => sum + amount, 0),
          samples: stacks,
          weights,
        },
      ],
    }),
  );
}
