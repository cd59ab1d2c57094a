import { frameBytes } from '../bpf/assumed-sizes';
import type { BpfObject, MapDefinition, Parameter } from './model';

/** The sizes of maps that the object leaves to its loader, as parameters: `MAP.frames` of stacks, `MAP.max_entries`. */
export function sizeParameters(maps: readonly MapDefinition[]): Parameter[] {
  return maps.flatMap(map => {
    const { valueSize, maxEntries } = map.assumed ?? {};
    const bytes = frameBytes(map.flags);
    return [
      ...(valueSize === undefined
        ? []
        : [
            sizeParameter(map, 'valueSize', valueSize / bytes, bytes, {
              name: `${map.name}.frames`,
              unit: 'frames',
              help: 'The depth of a stack. The object leaves it to its loader; the kernel allows kernel.perf_event_max_stack.',
            }),
          ]),
      ...(maxEntries === undefined
        ? []
        : [
            sizeParameter(map, 'maxEntries', maxEntries, 1, {
              name: `${map.name}.max_entries`,
              unit: map.typeName === 'ringbuf' ? 'bytes' : 'entries',
              help: 'The size of the map. The object leaves it to its loader.',
            }),
          ]),
    ];
  });
}

function sizeParameter(
  map: MapDefinition,
  of: NonNullable<Parameter['mapSize']>['of'],
  value: number,
  bytes: number,
  text: Pick<Parameter, 'name' | 'unit' | 'help'>,
): Parameter {
  return {
    ...text,
    label: text.name,
    section: '',
    offset: 0,
    size: 4,
    storage: 'u32',
    meaning: 'count',
    why: 'the size that the object leaves open',
    valueNames: null,
    min: '1',
    max: String(Math.floor(0xffff_ffff / bytes)),
    defaultValue: String(value),
    role: null,
    ask: false,
    mapSize: { map: map.name, of, bytes },
  };
}

/** The object with the sizes that were typed, in decimal, in place of the assumed ones. */
export function sizedObject(object: BpfObject, values: ReadonlyMap<string, string>): BpfObject {
  const sizes = object.parameters.flatMap(({ name, mapSize }) => {
    const value = Number(values.get(name));
    return mapSize && value > 0 ? [{ ...mapSize, value: value * mapSize.bytes }] : [];
  });
  if (sizes.length === 0) return object;
  const sized = (map: MapDefinition): MapDefinition => {
    const own = sizes.filter(size => size.map === map.name);
    const assumed = { ...map.assumed, ...Object.fromEntries(own.map(({ of, value }) => [of, value])) };
    const { view } = map;
    const depth = Math.floor((assumed.valueSize ?? map.valueSize) / frameBytes(map.flags));
    return { ...map, ...assumed, assumed, view: view.kind === 'stacks' ? { ...view, depth } : view };
  };
  return { ...object, maps: object.maps.map(map => (map.assumed ? sized(map) : map)) };
}
