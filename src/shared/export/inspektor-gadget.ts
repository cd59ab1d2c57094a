/**
 * Exports a gadget for Inspektor Gadget: program.bpf.c with its macros, gadget.yaml with the object's data sources and
 * parameters, and build.yaml. Schemas: docs/gadget-devel/metadata.md, parameters.md, building.md and include/gadget/macros.h of
 * inspektor-gadget.
 */
import { stringify } from 'yaml';
import type { Btf } from '../btf/btf-model';
import type { BpfObject, Field, MapDefinition, Parameter, Program } from '../object/model';
import { type Engine, ExportError, type Exported, type ExportInput, type SectionThere } from './model';
import { type ChosenPrograms, choosePrograms, completeSection } from './programs';
import { adaptSource } from './source';

type Annotations = Record<string, string>;
interface FieldEntry {
  annotations: Annotations;
}
interface DataSource {
  annotations?: Annotations;
  fields: Record<string, FieldEntry>;
}
interface Markers {
  readonly lines: string[];
  readonly dataSources: Record<string, DataSource>;
  readonly notes: string[];
}

/** Attach types in docs/gadget-devel/programs (kprobe ... perf_event); no others are documented. */
const ATTACHES = new Set([
  'fentry',
  'fexit',
  'kprobe',
  'kretprobe',
  'tracepoint',
  'uprobe',
  'uretprobe',
  'usdt',
  'perf_event',
]);

/** No line folding. */
const YAML = { lineWidth: 0 };

const ENGINE: Engine = { name: 'Inspektor Gadget', sectionFor };

function sectionFor(program: Program, object: BpfObject): SectionThere {
  const { kind } = program.attachPoint;
  if (!ATTACHES.has(kind)) return { why: `Inspektor Gadget does not document the attach type ${kind}` };
  if (kind === 'perf_event' && program.perf?.event !== 'cpu-clock')
    return { why: 'Inspektor Gadget documents only sampling of the CPU clock' };
  const section = completeSection(program, object);
  if (section === null) return { why: 'its attach point is a parameter without a default' };
  if (kind === 'uprobe' || kind === 'uretprobe' || kind === 'usdt') {
    // Inspektor Gadget names a library without its version: uprobe/libc:malloc.
    return { section: section.replace(/\/(lib[\w+-]+)\.so[\d.]*:/, '/$1:') };
  }
  return { section: section.replace(/^tp\//, 'tracepoint/') };
}

/** Throws ExportError when Inspektor Gadget could attach no program or show no data. */
export function exportInspektorGadget(input: ExportInput): Exported {
  const { object } = input;
  const chosen = choosePrograms(object, ENGINE);
  const markers = markersOf(object);
  if (Object.keys(markers.dataSources).length === 0) {
    throw new ExportError(
      'nothing-to-show',
      `Inspektor Gadget shows records of a ring buffer and hash maps whose key and value are structs; ${input.name} has neither. ${markers.notes.join(' ')}`.trim(),
      { text: 'Send records through a ring buffer, or count in a hash map whose key and value are structs.' },
    );
  }
  const parameters = parametersOf(object, chosen);
  const lines = [...parameters.map(({ name }) => `GADGET_PARAM(${name});`), ...markers.lines].filter(
    line => !input.source.includes(line),
  );
  const source = adaptSource(input.source, object.programs, chosen);
  const program =
    lines.length === 0
      ? source
      : `${source.trimEnd()}\n\n/* Declarations for Inspektor Gadget. */\n#include <gadget/macros.h>\n\n${lines.join('\n')}\n`;
  const perf = perfPrograms(object, chosen);
  const metadata = {
    name: input.name.replaceAll('_', ' '),
    description: input.description,
    datasources: markers.dataSources,
    ...(Object.keys(perf).length > 0 ? { programs: perf } : {}),
    ...(parameters.length > 0
      ? { params: { ebpf: Object.fromEntries(parameters.map(each => [each.name, parameterEntry(each)])) } }
      : {}),
  };
  return {
    files: [
      { name: 'program.bpf.c', text: program },
      { name: 'gadget.yaml', text: stringify(metadata, YAML) },
      { name: 'build.yaml', text: stringify({ ebpfsource: 'program.bpf.c', metadata: 'gadget.yaml' }, YAML) },
      ...input.headers,
    ],
    notes: [...chosen.notes, ...markers.notes],
  };
}

function markersOf(object: BpfObject): Markers {
  const markers: Markers = { lines: [], dataSources: {}, notes: [] };
  let traced: string | null = null;
  for (const map of object.maps) {
    const { view } = map;
    if (view.kind === 'events') {
      if (traced !== null) {
        markers.notes.push(`${map.name} is omitted: a gadget has one tracer, which is ${traced}.`);
      } else if (!view.record?.typeName.startsWith('struct ')) {
        markers.notes.push(`${map.name} is omitted: its records are not a named struct.`);
      } else {
        traced = map.name;
        const struct = view.record.typeName.slice('struct '.length);
        markers.lines.push(`GADGET_TRACER(${map.name}, ${map.name}, ${struct});`);
        markers.dataSources[map.name] = { fields: fieldEntries(view.record.fields) };
      }
    } else if (view.kind === 'table' || view.kind === 'histogram') {
      const source = mapDataSource(object, map);
      if (typeof source === 'string') {
        markers.notes.push(`${map.name} is omitted: ${source}.`);
      } else {
        markers.lines.push(`GADGET_MAPITER(${map.name}, ${map.name});`);
        markers.dataSources[map.name] = source;
      }
    } else if (view.kind === 'stacks') {
      markers.notes.push(`${map.name} is omitted: Inspektor Gadget does not show stack maps by themselves.`);
    }
  }
  return markers;
}

/** The map iterator's data source, or why there can be none. */
function mapDataSource(object: BpfObject, map: MapDefinition): DataSource | string {
  const { view } = map;
  if (map.typeName !== 'hash')
    return `Inspektor Gadget iterates only over hash maps, and this is ${article(map.typeName)}`;
  if (!memberIsStruct(object, map.name, 'key') || !memberIsStruct(object, map.name, 'value'))
    return 'Inspektor Gadget needs structs as key and value';
  if (view.kind === 'table') {
    const keys = fieldEntries(view.key.fields, () => ({ 'metrics.type': 'key' }));
    const values = fieldEntries(view.value.fields, field =>
      field.meaning === 'count' ? { 'metrics.type': 'counter' } : {},
    );
    return { annotations: { 'metrics.collect': 'true' }, fields: { ...keys, ...values } };
  }
  if (view.kind !== 'histogram') return 'it is not a table';
  if (view.convention !== 'bpfw') {
    return 'its slots differ from those of Inspektor Gadget (slot 0 holds 0, slot k holds 2^(k-1) to 2^k - 1)';
  }
  const slots = memberAt(object, map.name, view.slotsOffset);
  if (slots === null) return 'its slots are not a member of the value';
  return {
    annotations: { 'metrics.collect': 'true', 'metrics.print': 'true' },
    fields: {
      ...(view.key ? fieldEntries(view.key.fields, () => ({ 'metrics.type': 'key' })) : {}),
      [slots]: {
        annotations: {
          description: map.label,
          'metrics.type': 'histogram',
          ...(view.unit ? { 'metrics.unit': view.unit } : {}),
        },
      },
    },
  };
}

const article = (typeName: string) => `${/^[aeiou]/.test(typeName) ? 'an' : 'a'} ${typeName}`;

/** The resolved struct of a map's `__type(key, ...)` or `__type(value, ...)`; null when it is not a struct. */
function memberStruct(object: BpfObject, map: string, member: 'key' | 'value') {
  const { btf } = object;
  const root = object.rootTypeIds[map];
  if (!btf || root === undefined) return null;
  const definition = btf.type(btf.resolve(followVar(btf, root)));
  if (definition.kind !== 'struct') return null;
  const pointer = definition.members.find(candidate => candidate.name === member);
  const target = pointer && btf.type(btf.resolve(pointer.type));
  if (target?.kind !== 'ptr') return null;
  const type = btf.type(btf.resolve(target.type));
  return type.kind === 'struct' ? type : null;
}

function followVar(btf: Btf, id: number): number {
  const type = btf.type(id);
  return type.kind === 'var' ? type.type : id;
}

const memberIsStruct = (object: BpfObject, map: string, member: 'key' | 'value') =>
  memberStruct(object, map, member) !== null;

function memberAt(object: BpfObject, map: string, offset: number): string | null {
  const struct = memberStruct(object, map, 'value');
  return struct?.members.find(member => member.bitOffset === offset * 8)?.name ?? null;
}

/** Column templates of docs/gadget-devel/metadata.md. */
const TEMPLATES: Partial<Record<Field['meaning'], string>> = {
  'timestamp-ns': 'timestamp',
  'duration-ns': 'duration',
  bytes: 'bytes',
  comm: 'comm',
  pid: 'pid',
  tid: 'tid',
  uid: 'uid',
  gid: 'gid',
};

function fieldEntries(
  fields: readonly Field[],
  more: (field: Field) => Annotations = () => ({}),
): Record<string, FieldEntry> {
  return Object.fromEntries(
    fields
      .filter(field => field.name !== '')
      .map(field => {
        const template = TEMPLATES[field.meaning];
        const annotations: Annotations = {
          description: describe(template ? { ...field, unit: '' } : field),
          ...(template ? { template } : {}),
          ...(field.hidden ? { 'columns.hidden': 'true' } : {}),
          ...(field.meaning === 'hex' || field.meaning === 'ksym' ? { 'columns.hex': 'true' } : {}),
          ...more(field),
        };
        return [field.name, { annotations }];
      }),
  );
}

function describe(field: Pick<Field, 'label' | 'unit' | 'help'>): string {
  const unit = field.unit ? ` (${field.unit})` : '';
  return `${field.label}${unit}${field.help ? `. ${field.help}` : ''}`;
}

/** Parameters that can still be set: those that determined an attach point are now part of the section. */
function parametersOf(object: BpfObject, chosen: ChosenPrograms): readonly Parameter[] {
  const inSections = new Set(
    object.programs.flatMap(program => [program.targetParameter, program.perf?.frequencyParameter ?? null]),
  );
  return object.parameters.filter(
    ({ name, role, storage }) =>
      chosen.kept.size > 0 &&
      !inSections.has(name) &&
      role !== 'path' &&
      role !== 'usdt' &&
      role !== 'function' &&
      storage !== 'bytes' &&
      storage !== 'array',
  );
}

/** ParamDesc of pkg/params; the key is the option's name: --pid for target_pid. */
function parameterEntry(parameter: Parameter) {
  return {
    key: parameter.name.replace(/^(target|targ|filter)_/, '').replaceAll('_', '-'),
    title: parameter.label,
    defaultValue: defaultValueOf(parameter),
    description: describe(parameter),
  };
}

/** In the engine's format: numbers for enum names and addresses. */
function defaultValueOf({ defaultValue, valueNames, meaning }: Parameter): string {
  const named = Object.entries(valueNames ?? {}).find(([, name]) => name === defaultValue);
  if (named) return named[0];
  const address = meaning === 'ipv4' ? /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(defaultValue) : null;
  if (!address) return defaultValue;
  return String(address.slice(1).reduceRight((sum, byte) => sum * 256 + Number(byte), 0));
}

/** Sampling programs: event type and frequency, in the format of gadgets/profile_cpu. */
function perfPrograms(object: BpfObject, { kept }: ChosenPrograms) {
  return Object.fromEntries(
    object.programs
      .filter(program => program.attachPoint.kind === 'perf_event' && kept.has(program.name))
      .map(program => {
        const frequency = object.parameters.find(each => each.name === program.perf?.frequencyParameter);
        return [
          program.name,
          {
            perf: { type: 'software', config: 'count_sw_cpu_clock', sampleType: 'sample_raw' },
            sampler: { frequency: Number(frequency?.defaultValue ?? 99) },
          },
        ];
      }),
  );
}
