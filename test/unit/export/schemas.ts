/** The other engines' schemas as their documentation has them, strict: a key it does not name fails. */
import * as v from 'valibot';

const annotations = v.record(v.string(), v.string());
const field = v.strictObject({ annotations: v.optional(annotations) });

/** gadget.yaml: inspektor-gadget, docs/gadget-devel/metadata.md and parameters.md. */
export const GadgetSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1)),
  description: v.string(),
  datasources: v.record(
    v.string(),
    v.strictObject({ annotations: v.optional(annotations), fields: v.record(v.string(), field) }),
  ),
  programs: v.optional(
    v.record(
      v.string(),
      v.strictObject({
        perf: v.strictObject({
          type: v.literal('software'),
          config: v.literal('count_sw_cpu_clock'),
          sampleType: v.literal('sample_raw'),
        }),
        sampler: v.strictObject({ frequency: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
      }),
    ),
  ),
  params: v.optional(
    v.strictObject({
      ebpf: v.record(
        v.string(),
        v.strictObject({
          key: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/)),
          title: v.string(),
          defaultValue: v.string(),
          description: v.string(),
        }),
      ),
    }),
  ),
});

/** build.yaml: docs/gadget-devel/building.md. */
export const BuildSchema = v.strictObject({ ebpfsource: v.string(), metadata: v.string() });

/** Annotations docs/gadget-devel/metadata.md names for fields, and column templates it lists (v0.55; `bytes`, `duration` and `tid` are not in v0.40's list yet). */
export const FIELD_ANNOTATIONS = /^(description|template|columns\.(hidden|hex)|metrics\.(type|unit))$/;
export const COLUMN_TEMPLATES = ['timestamp', 'bytes', 'duration', 'comm', 'pid', 'tid', 'uid', 'gid'];

const decoder = v.strictObject({
  name: v.picklist(['uint', 'ksym', 'majorminor', 'string', 'static_map', 'cgroup', 'inet_ip']),
  static_map: v.optional(v.record(v.string(), v.string())),
});
const label = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z_]\w*$/)),
  size: v.pipe(v.number(), v.integer(), v.minValue(1)),
  padding: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  decoders: v.pipe(v.array(decoder), v.minLength(1)),
});
const metric = {
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z_]\w*$/)),
  help: v.pipe(v.string(), v.minLength(1)),
  labels: v.pipe(v.array(label), v.minLength(1)),
};

/** NAME.yaml: cloudflare/ebpf_exporter 2, README.md, "Configuration file format". */
export const ExporterSchema = v.strictObject({
  metrics: v.strictObject({
    counters: v.optional(v.array(v.strictObject(metric))),
    histograms: v.optional(
      v.array(
        v.strictObject({
          ...metric,
          bucket_type: v.picklist(['exp2', 'linear']),
          bucket_min: v.number(),
          bucket_max: v.number(),
          bucket_multiplier: v.pipe(v.number(), v.gtValue(0)),
        }),
      ),
    ),
  }),
});
