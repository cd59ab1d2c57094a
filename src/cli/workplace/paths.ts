/** Paths of this build's own files: the other bundles are beside dist/cli.js, the templates one folder up. */
import path from 'node:path';
import { version } from '../../../package.json';

export const TEMPLATES_FOLDER = path.resolve(__dirname, '../bpf-templates');
export const INCLUDE_FOLDER = path.join(TEMPLATES_FOLDER, 'include');
/** The tracer that is elevated when none is installed. */
export const OWN_TRACER = { tracerPath: path.join(__dirname, 'tracer.js'), version } as const;
export const GUEST_AGENT_PATH = path.join(__dirname, 'guest-agent.js');
export const IFUNC_PROBE_PATH = path.join(__dirname, 'ifunc-probe.js');

export { defaultCacheFolder as cacheFolder } from '../../system/cache-files';
