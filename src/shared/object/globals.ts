import { dropsByName } from '../bpf/drop-counters';
import type { Btf } from '../btf/btf-model';
import type { Variable } from './data-section';
import { globalHistogram } from './infer-map-view';
import type { GlobalVariable } from './model';
import { layoutOf } from './record-layout';
import { readTags } from './tags';

/** BTF_VAR_STATIC of include/uapi/linux/btf.h. */
const STATIC = 0;

/**
 * Non-const globals, which are shown live. Hidden are markers (pointers that only keep a type in BTF), `__` names, and
 * untagged static variables: bpftool also omits those from skeletons, and libbpf-tools use them for zeroed histograms
 * (`static struct hist zero`).
 */
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
    const hidden =
      tags.has('hidden') ||
      isPointer ||
      variable.name.startsWith('__') ||
      variable.name.startsWith('gadget_') ||
      (variable.linkage === STATIC && tags.empty);
    const histogram = hidden ? undefined : globalHistogram(btf, variable.type, variable.name, tags);
    return {
      ...(histogram && { histogram }),
      name: variable.name,
      section: variable.section.name,
      offset: variable.offset,
      layout,
      hidden,
      drops: tagged !== null ? { of: tagged } : named !== undefined ? { of: named } : null,
    };
  });
}
