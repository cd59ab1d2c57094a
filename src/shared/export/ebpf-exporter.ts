/**
 * Exports for ebpf_exporter (version 2): NAME.yaml, which maps BPF maps to Prometheus metrics, and NAME.bpf.c, whose
 * object it loads. Schema: README.md ("Configuration file format") and config/config.go of cloudflare/ebpf_exporter.
 */
import { stringify } from 'yaml';
import type { BpfObject, Field, MapDefinition, MapView, Program, RecordLayout } from '../object/model';
import { type Engine, ExportError, type Exported, type ExportInput, type SectionThere } from './model';
import { choosePrograms, completeSection } from './programs';
import { adaptSource } from './source';

interface Decoder {
  name: string;
  static_map?: Record<string, string>;
}
interface Label {
  name: string;
  size: number;
  padding?: number;
  decoders: Decoder[];
}
interface Counter {
  name: string;
  help: string;
  labels: Label[];
}
interface Histogram extends Counter {
  bucket_type: 'exp2' | 'linear';
  bucket_min: number;
  bucket_max: number;
  bucket_multiplier: number;
}

const ENGINE: Engine = { name: 'ebpf_exporter', sectionFor };

/** ebpf_exporter attaches what libbpf attaches automatically (bpf_program__attach). */
function sectionFor(program: Program, object: BpfObject): SectionThere {
  const { kind } = program.attachPoint;
  if (kind === 'perf_event' || kind === 'iter' || kind === 'other')
    return { why: `libbpf does not attach ${kind === 'other' ? program.section : kind} automatically` };
  const section = completeSection(program, object);
  return section === null ? { why: 'its attach point is a parameter without a default' } : { section };
}

/** Throws ExportError when ebpf_exporter could attach no program or export no map. */
export function exportEbpfExporter(input: ExportInput): Exported {
  const { object, name } = input;
  const chosen = choosePrograms(object, ENGINE);
  const notes = [...chosen.notes];
  const counters: Counter[] = [];
  const histograms: Histogram[] = [];
  for (const map of object.maps) {
    const metric = metricOf(map);
    if (metric === null) continue;
    if (typeof metric === 'string') notes.push(`${map.name} is omitted: ${metric}.`);
    else if ('bucket_type' in metric) histograms.push(metric);
    else counters.push(metric);
    if (map.view.kind === 'histogram' && typeof metric !== 'string') notes.push(...histogramNotes(map));
  }
  if (counters.length + histograms.length === 0) {
    throw new ExportError(
      'nothing-to-show',
      `ebpf_exporter exports maps with one 64-bit number per key; ${name} has none. ${notes.join(' ')}`.trim(),
      { text: 'Use a map whose value is one __u64, or a histogram that is such a map.' },
    );
  }
  for (const parameter of object.parameters) {
    if (parameter.role === 'path' || parameter.role === 'function' || parameter.role === 'usdt') continue;
    notes.push(
      `${parameter.name} keeps its default (${parameter.defaultValue || 'empty'}): ebpf_exporter cannot set parameters.`,
    );
  }
  const metrics = {
    ...(counters.length > 0 ? { counters } : {}),
    ...(histograms.length > 0 ? { histograms } : {}),
  };
  const head = [`${input.description}`, `Loads ${name}.bpf.o from the same folder.`, ...notes];
  return {
    files: [
      {
        name: `${name}.yaml`,
        text: `${head.map(line => `# ${line}`).join('\n')}\n${stringify({ metrics }, { lineWidth: 0 })}`,
      },
      { name: `${name}.bpf.c`, text: adaptSource(input.source, object.programs, chosen) },
      ...input.headers,
    ],
    notes,
  };
}

/** Null: the map is not shown. A text: why it cannot be a metric. */
function metricOf(map: MapDefinition): Counter | Histogram | string | null {
  const { view } = map;
  if (view.kind === 'table') return counterOf(map, view.key, view.value);
  if (view.kind === 'histogram') return histogramOf(map, view);
  if (view.kind === 'events') return 'ring-buffer records cannot be exported as metrics';
  if (view.kind === 'stacks') return 'stacks cannot be exported as metrics';
  return null;
}

function counterOf(map: MapDefinition, key: RecordLayout, value: RecordLayout): Counter | string {
  const [only] = value.fields;
  if (value.fields.length !== 1 || only?.storage !== 'u64')
    return 'ebpf_exporter needs one 64-bit number per key, which its value is not';
  const labels = labelsOf(key);
  if (typeof labels === 'string') return labels;
  return { name: map.name, help: map.label, labels };
}

/** Prometheus's base units: seconds and bytes. */
const BASE_UNITS: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  ns: ['seconds', 1e-9],
  us: ['seconds', 1e-6],
  ms: ['seconds', 1e-3],
  bytes: ['bytes', 1],
  KiB: ['bytes', 1024],
};

function histogramOf(map: MapDefinition, view: Extract<MapView, { kind: 'histogram' }>): Histogram | string {
  if (view.inKey) return 'the slots are in the key, which this export does not write';
  if (!view.slotsAreEntries || map.keySize !== 4)
    return 'ebpf_exporter needs each slot as an entry of the map, but its slots are inside the values';
  if (view.slotSize !== 8) return 'ebpf_exporter needs 64-bit slots, but its slots are narrower';
  const [unit, factor] = BASE_UNITS[view.unit] ?? [view.unit || 'values', 1];
  const shape = bucketShape(view);
  if (typeof shape === 'string') return shape;
  return {
    name: map.name,
    help: `${map.label}, in ${unit}`,
    bucket_type: shape.type,
    bucket_min: 0,
    bucket_max: view.slotCount - 1,
    bucket_multiplier: Number((factor * shape.multiplier).toPrecision(12)),
    labels: [{ name: 'bucket', size: map.keySize, decoders: [{ name: 'uint' }] }],
  };
}

/** ebpf_exporter: slot k is at most 2^k (exp2) or k (linear), times the multiplier. */
function bucketShape(
  view: Extract<MapView, { kind: 'histogram' }>,
): { type: 'exp2' | 'linear'; multiplier: number } | string {
  switch (view.convention) {
    case 'bpfw':
    case 'bcc':
    case 'exp2':
      return { type: 'exp2', multiplier: 1 };
    case 'libbpf-tools':
      return { type: 'exp2', multiplier: 2 };
    case 'linear':
      // Slot k ends below base + (k + 1) * step; that is a multiple of k only where base is -step.
      return view.base === -view.step
        ? { type: 'linear', multiplier: view.step }
        : 'ebpf_exporter expects slot k of a linear histogram to end at k times its width, but these end one slot higher';
  }
}

function histogramNotes(map: MapDefinition): string[] {
  const { view } = map;
  if (view.kind !== 'histogram') return [];
  const sum = `${map.name}: the metric's _sum stays 0, because the program does not compute a sum.`;
  return view.convention === 'exp2'
    ? [sum]
    : [`${map.name}: a value that is exactly a power of two is counted in the bucket above it.`, sum];
}

/** One label per field in memory order, including padding; a text is the reason why it is impossible. */
function labelsOf(key: RecordLayout): Label[] | string {
  const labels: Label[] = [];
  for (const [index, field] of key.fields.entries()) {
    const end = key.fields[index + 1]?.offset ?? key.size;
    const padding = end - field.offset - field.size;
    const decoders = decodersOf(field);
    if (field.bitSize > 0 || padding < 0 || decoders === null)
      return `ebpf_exporter cannot decode the key's field ${field.name}`;
    labels.push({
      name: field.name.replace(/\W+/g, '_'),
      size: field.size,
      ...(padding > 0 ? { padding } : {}),
      decoders,
    });
  }
  return labels;
}

function decodersOf(field: Field): Decoder[] | null {
  if (field.meaning === 'ipv4' || field.meaning === 'ipv6') return [{ name: 'inet_ip' }];
  if (field.storage === 'text') return [{ name: 'string' }];
  if (field.storage === 'bytes' || field.storage === 'array') return null;
  switch (field.meaning) {
    case 'ksym':
      return [{ name: 'ksym' }];
    case 'device':
      return [{ name: 'majorminor' }];
    case 'cgroup':
      return [{ name: 'uint' }, { name: 'cgroup' }];
    default:
      return field.valueNames
        ? [{ name: 'uint' }, { name: 'static_map', static_map: { ...field.valueNames } }]
        : [{ name: 'uint' }];
  }
}
