import type { WantedTarget } from '../../session/targets/target';
import { UsageError } from '../print/exit';
import type { CompileOptions } from '../workplace/compile-options';

export interface RunOptions extends CompileOptions {
  readonly target?: string;
  readonly param?: readonly string[];
  readonly pid?: string;
  readonly for?: string;
  readonly interval?: string;
  readonly guard?: string;
  readonly allow?: readonly string[];
  readonly program?: readonly string[];
  readonly without?: readonly string[];
  readonly json?: boolean;
  readonly ownEvents?: boolean;
}

/** "5s", "250ms", "2m", "1h" or plain seconds → milliseconds. Throws UsageError. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1000;
  const durationMs = Number(match?.[1]) * factor;
  if (!match || !(durationMs > 0))
    throw new UsageError(`${option} '${text}' is not a duration; use 5s, 250ms or 2m.`);
  return durationMs;
}

/** "NAME=VALUE" pairs → map. Throws UsageError. */
export function parseParameters(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map(pair => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`-p '${pair}' is not NAME=VALUE.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** A process id, or 0 for all processes. Throws UsageError. */
export function parsePid(text: string): number {
  if (!/^\d{1,10}$/.test(text))
    throw new UsageError(`--pid '${text}' is not a process id; 0 traces all processes.`);
  return Number(text);
}

/** Percent of one CPU. Throws UsageError. */
export function parseGuard(text: string): number {
  const percent = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || percent === 0)
    throw new UsageError(`--guard '${text}' is not a percentage of one CPU; use 25 or 0.5.`);
  return percent;
}

/** Throws UsageError. */
export function parseTarget(text: string | undefined): WantedTarget {
  if (text === undefined) return 'auto';
  if (text === 'local' || text === 'vm' || text === 'auto') return text;
  throw new UsageError(`--target '${text}' is not a target; use local or vm.`);
}
