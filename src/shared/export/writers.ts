/** Both writers: loaded when something is exported first, from a bundle of their own (esbuild.mjs). */
export { exportEbpfExporter } from './ebpf-exporter';
export { exportInspektorGadget } from './inspektor-gadget';
