import type { MapDefinition, RecordLayout } from './model';
import type { StackIdPlace } from './register-values';

/** The map with its stack ids as such, where their names and types do not say it: programs store there what bpf_get_stackid() returns. */
export function withStackIds(map: MapDefinition, places: readonly StackIdPlace[]): MapDefinition {
  const { view } = map;
  const own = places.filter(place => place.map === map.name);
  if (view.kind !== 'table' || own.length === 0) return map;
  const marked = (layout: RecordLayout, part: StackIdPlace['part']): RecordLayout => ({
    ...layout,
    fields: layout.fields.map(field => {
      const place = own.find(each => each.part === part && each.offset === field.offset);
      const isPlain = field.meaning === 'plain' && /^[iu](32|64)$/.test(field.storage);
      return place && isPlain
        ? {
            ...field,
            meaning: `${place.space}-stack`,
            why: 'bpf_get_stackid(), whose result programs store there',
          }
        : field;
    }),
  });
  return {
    ...map,
    view: { kind: 'table', key: marked(view.key, 'key'), value: marked(view.value, 'value') },
  };
}
