const LOST = '(?:dropped|drops|drop_count|lost|lost_count|lost_samples|lost_events|dropped_events)';
const DROPS_OF = new RegExp(`^(?:(\\w+?)_)?${LOST}$|^(?:dropped|lost)_(\\w+)$`);
/** What a counter may name besides a map of the object; `packets_dropped` is what a program measures, not its own loss. */
const GENERIC = /^(event|record|sample|rec|evt|msg|message|ringbuf|rb|perf|output|buf|buffer)s?$/;

/**
 * The map a counter called `name` counts the losses of (`x_dropped`, `dropped_x`, `lost_events`, `drops` ...):
 * undefined when the name is not a drop counter's, null when it does not say which map.
 */
export function dropsByName(name: string, maps: ReadonlySet<string>): string | null | undefined {
  const match = DROPS_OF.exec(name);
  if (!match) return undefined;
  const of = match[1] ?? match[2];
  if (of === undefined || GENERIC.test(of)) return of !== undefined && maps.has(of) ? of : null;
  return maps.has(of) ? of : undefined;
}
