import type { Btf } from './btf-model';
import type { Variable } from './data-section';
import type { GlobalVariable } from './model';
import { layoutOf } from './record-layout';
import { readTags } from './tags';

/** `x_dropped`, `dropped_x`, `lost_events`, `drops`: counters of what could not be delivered, by name. */
const DROPS =
  /^(?:(?<of>\w+?)_)?(?:dropped|drops|lost|lost_samples|lost_events|dropped_events|drop_count|lost_count)$|^(?:dropped|lost)_\w+$/;

/**
 * The map a counter called `name` counts the losses of: undefined when the name is no drop counter's, null when it
 * does not say which map.
 */
export function dropsByName(name: string, maps: ReadonlySet<string>): string | null | undefined {
  const match = DROPS.exec(name);
  if (!match) return undefined;
  const of = match.groups?.of;
  return of !== undefined && maps.has(of) ? of : null;
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
