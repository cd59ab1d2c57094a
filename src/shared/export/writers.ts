/** Both exporters: a separate bundle (esbuild.mjs), loaded at the first export. */
export { exportEbpfExporter } from './ebpf-exporter';
export { exportInspektorGadget } from './inspektor-gadget';
