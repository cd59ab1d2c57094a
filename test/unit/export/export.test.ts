/**
 * Every template exported for both engines: what comes out fits their documented schemas, compiles, and its object has
 * only programs those engines attach, none of them optional.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { btfSource } from '../../../src/compile/vmlinux-cache';
import { parseBtf } from '../../../src/shared/btf/btf';
import { fixText } from '../../../src/shared/errors/workbench-error';
import { exportEbpfExporter } from '../../../src/shared/export/ebpf-exporter';
import { exportInspektorGadget } from '../../../src/shared/export/inspektor-gadget';
import { ExportError, type Exported, type ExportInput } from '../../../src/shared/export/model';
import { readObject } from '../../../src/shared/object/object';
import { installedClangs, kernelBtfFiles, scratchFolder } from '../compile/toolchain';
import { includeFolder, readTemplates } from '../templates/folders';
import { BuildSchema, COLUMN_TEMPLATES, ExporterSchema, FIELD_ANNOTATIONS, GadgetSchema } from './schemas';

const { folder, remove } = scratchFolder();
afterAll(remove);

/** Marker symbols as inspektor-gadget's include/gadget/macros.h makes them. */
const MARKERS = `#define GADGET_PARAM(name) const void *gadget_param_##name
#define GADGET_TRACER(name, map, type) \\
	const void *gadget_tracer_##name##___##map##___##type; const struct type *unused_##name
#define GADGET_MAPITER(name, map) const void *gadget_mapiter_##name##___##map
`;
mkdirSync(join(folder, 'gadget'));
writeFileSync(join(folder, 'gadget/macros.h'), MARKERS);

const [kernel = ''] = await kernelBtfFiles(folder);
const btfBytes = new Uint8Array(readFileSync(kernel));
const parsed = parseBtf(btfBytes);
const btf = btfSource(btfBytes, () => parsed);
const clang = await findClang({ setting: installedClangs().at(-1) ?? 'clang' });

async function objectOf(sourcePath: string, name: string) {
  const includeFolders = [includeFolder, folder];
  const result = await compile({
    sourcePath,
    btf,
    clang,
    cacheFolder: join(folder, 'cache'),
    includeFolders,
  });
  if (result.objectPath === null) throw new Error(result.output);
  return readObject(new Uint8Array(readFileSync(result.objectPath)), name);
}

async function input(template: {
  name: string;
  sourcePath: string;
  source: string;
  manifest: { purpose: string };
}) {
  return {
    name: template.name,
    description: template.manifest.purpose,
    source: template.source,
    object: await objectOf(template.sourcePath, `${template.name}.bpf.o`),
    headers: [{ name: 'bpfw.h', text: readFileSync(join(includeFolder, 'bpfw.h'), 'utf8') }],
  } satisfies ExportInput;
}

/** Writes the files, compiles the program among them, and gives its object. */
async function compiled({ files }: Exported, name: string) {
  const target = join(folder, name);
  mkdirSync(target);
  for (const file of files) writeFileSync(join(target, file.name), file.text);
  const source = files.find(file => file.name.endsWith('.bpf.c'));
  return objectOf(join(target, source?.name ?? ''), `${name}.o`);
}

const textOf = ({ files }: Exported, name: string) => files.find(file => file.name === name)?.text ?? '';

const templates = readTemplates();
const template = (name: string) => {
  const found = templates.find(each => each.name === name);
  if (!found) throw new Error(`no template ${name}`);
  return found;
};

/** Templates each engine takes; all others are refused with a reason, which is tested as well. */
const GADGETS =
  'dddos disksnoop hello_fields hello_perf_output hello_perf_output_using_ns kvm_hypercall lbr mallocstacks mysqld_query nflatency nodejs_http_server setuid_monitor stack_buildid stacksnoop strlen_count strlen_hist_ifunc strlen_snoop sync_timing tcpv4connect trace_perf_output undump urandomread urandomread_explicit'.split(
    ' ',
  );
const EXPORTERS = 'bitehist kvm_hypercall strlen_count strlen_hist strlen_hist_ifunc vfsreadlat'.split(' ');

describe('Inspektor Gadget', () => {
  it.each(templates.map(each => each.name))(
    '%s: a gadget of the documented form, or a reason',
    async name => {
      const from = await input(template(name));
      let gadget: Exported;
      try {
        gadget = exportInspektorGadget(from);
      } catch (error) {
        if (!(error instanceof ExportError)) throw error;
        expect(GADGETS).not.toContain(name);
        expect(error.message).toMatch(/\.$/);
        expect(fixText(error.fix)).toMatch(/\.$/);
        return;
      }
      const metadata = v.parse(GadgetSchema, parse(textOf(gadget, 'gadget.yaml')));
      const build = v.parse(BuildSchema, parse(textOf(gadget, 'build.yaml')));
      expect(gadget.files.map(file => file.name)).toEqual(expect.arrayContaining(Object.values(build)));
      for (const { fields } of Object.values(metadata.datasources)) {
        for (const [field, { annotations = {} }] of Object.entries(fields)) {
          for (const key of Object.keys(annotations)) expect(key, field).toMatch(FIELD_ANNOTATIONS);
          if (annotations.template) expect(COLUMN_TEMPLATES, field).toContain(annotations.template);
        }
      }
      const object = await compiled(gadget, `gadget-${name}`);
      expect(object.programs.length).toBeGreaterThan(0);
      for (const { autoload, attachPoint, section } of object.programs) {
        expect(autoload, section).toBe(true);
        expect(attachPoint.kind).toMatch(
          /^(fentry|fexit|k(ret)?probe|tracepoint|u(ret)?probe|usdt|perf_event)$/,
        );
        expect(JSON.stringify(attachPoint)).not.toMatch(/"(function|symbol|probe)":""/);
      }
      const markers = textOf(gadget, 'program.bpf.c');
      const iterated = [...markers.matchAll(/GADGET_(?:TRACER|MAPITER)\((\w+),/g)].map(match => match[1]);
      expect(iterated.sort()).toEqual(Object.keys(metadata.datasources).sort());
      for (const name of Object.keys(metadata.params?.ebpf ?? {})) {
        expect(object.parameters.map(parameter => parameter.name)).toContain(name);
        expect(markers).toContain(`GADGET_PARAM(${name});`);
      }
    },
  );

  it('keeps one program of each group and a note in place of the others', async () => {
    const gadget = exportInspektorGadget(await input(template('tcpv4connect')));
    const source = textOf(gadget, 'program.bpf.c');
    expect(source).toContain('SEC("fexit/tcp_v4_connect")');
    expect(source).not.toMatch(/SEC\("\?/);
    expect(source).toMatch(/kretprobe\/tcp_v4_connect\) is omitted: another program of its group/);
  });

  it('describes fields and parameters with the object’s own labels', async () => {
    const gadget = exportInspektorGadget(await input(template('tcpv4connect')));
    const metadata = v.parse(GadgetSchema, parse(textOf(gadget, 'gadget.yaml')));
    const [stream] = Object.values(metadata.datasources);
    expect(stream?.fields.pid?.annotations).toMatchObject({ template: 'pid' });
    expect(stream?.fields.comm?.annotations).toMatchObject({ template: 'comm' });
    const { target_pid, target_daddr } = metadata.params?.ebpf ?? {};
    expect(target_pid).toMatchObject({ key: 'pid', defaultValue: '0' });
    expect(target_daddr).toMatchObject({ key: 'daddr', defaultValue: '0' });
  });

  it('refuses a program with nothing to show, and names what it looked at', async () => {
    const from = await input(template('vfsreadlat'));
    expect(() => exportInspektorGadget(from)).toThrow(
      /latency is omitted: .* hash maps, and this is an array/,
    );
  });
});

describe('ebpf_exporter', () => {
  it.each(templates.map(each => each.name))(
    '%s: a configuration of the documented form, or a reason',
    async name => {
      const from = await input(template(name));
      let exported: Exported;
      try {
        exported = exportEbpfExporter(from);
      } catch (error) {
        if (!(error instanceof ExportError)) throw error;
        expect(EXPORTERS).not.toContain(name);
        expect(error.message).toMatch(/\.$/);
        return;
      }
      expect(EXPORTERS).toContain(name);
      const { metrics } = v.parse(ExporterSchema, parse(textOf(exported, `${name}.yaml`)));
      const object = await compiled(exported, `exporter-${name}`);
      expect(object.programs.length).toBeGreaterThan(0);
      for (const { autoload, section } of object.programs) expect(autoload, section).toBe(true);
      for (const metric of [...(metrics.counters ?? []), ...(metrics.histograms ?? [])]) {
        const map = object.maps.find(each => each.name === metric.name);
        const keyBytes = metric.labels.reduce((sum, label) => sum + label.size + (label.padding ?? 0), 0);
        expect(keyBytes, metric.name).toBe(map?.keySize);
        expect(map?.valueSize, metric.name).toBe(8);
      }
    },
  );

  it('turns microseconds into seconds, slot by slot', async () => {
    const exported = exportEbpfExporter(await input(template('vfsreadlat')));
    const { metrics } = v.parse(ExporterSchema, parse(textOf(exported, 'vfsreadlat.yaml')));
    expect(metrics.histograms).toEqual([
      {
        name: 'latency',
        help: 'vfs_read latency, in seconds',
        bucket_type: 'exp2',
        bucket_min: 0,
        bucket_max: 63,
        bucket_multiplier: 0.000001,
        labels: [{ name: 'bucket', size: 4, decoders: [{ name: 'uint' }] }],
      },
    ]);
    expect(exported.notes.join('\n')).toMatch(/target_pid keeps its default \(0\)/);
  });
});
