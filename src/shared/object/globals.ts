import type { Btf } from './btf-model';
import type { Variable } from './data-section';
import type { GlobalVariable } from './model';
import { layoutOf } from './record-layout';
import { readTags } from './tags';

const LOST = '(?:dropped|drops|drop_count|lost|lost_count|lost_samples|lost_events|dropped_events)';
const DROPS_OF = new RegExp(`^(?:(\\w+?)_)?${LOST}$|^(?:dropped|lost)_(\\w+)$`);
/** What a counter may name besides a map of the object; `packets_dropped` is what a program measures, not its own loss. */
const GENERIC = /^(event|record|sample|rec|evt|msg|message|ringbuf|rb|perf|output|buf|buffer)s?$/;

/**
 * The map a counter called `name` counts the losses of (`x_dropped`, `dropped_x`, `lost_events`, `drops` ...):
 * undefined when the name is no drop counter's, null when it does not say which map.
 */
export function dropsByName(name: string, maps: ReadonlySet<string>): string | null | undefined {
  const match = DROPS_OF.exec(name);
  if (!match) return undefined;
  const of = match[1] ?? match[2];
  if (of === undefined || GENERIC.test(of)) return of !== undefined && maps.has(of) ? of : null;
  return maps.has(of) ? of : undefined;
}

/** Non-const globals: shown live. Markers (pointers that only keep a type in BTF) and `__` names are hidden. */
export function readGlobals(
  btf: Btf,
  variables: readonly Variable[],
  maps: ReadonlySet<string>,
): GlobalVariable[] {
  return variables.map(variable => {
    const tags = readTags(btf, variable.id);
    const layout = layoutOf(btf, variable.type, tags, variable.name);
    const isPointer = btf.kind(btf.resolve(variable.type)) === 'ptr';
    const isCounter =
      layout.fields.length === 1 &&
      (layout.fields[0]?.storage === 'u64' || layout.fields[0]?.storage === 'u32') &&
      !isPointer;
    const tagged = tags.get('drops');
    const named = isCounter ? dropsByName(variable.name, maps) : undefined;
    return {
      name: variable.name,
      section: variable.section.name,
      offset: variable.offset,
      layout,
      hidden:
        tags.has('hidden') ||
        isPointer ||
        variable.name.startsWith('__') ||
        variable.name.startsWith('gadget_'),
      drops: tagged !== null ? { of: tagged } : named !== undefined ? { of: named } : null,
    };
  });
}
