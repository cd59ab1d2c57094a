/** Where this build's own files lie: dist/cli.js has the other bundles beside it and the templates one folder up. */
import { homedir } from 'node:os';
import path from 'node:path';

export const TEMPLATES_FOLDER = path.resolve(__dirname, '../bpf-templates');
export const INCLUDE_FOLDER = path.join(TEMPLATES_FOLDER, 'include');
export const HELPER_PATH = path.join(__dirname, 'helper.js');
export const GUEST_AGENT_PATH = path.join(__dirname, 'guest-agent.js');

/** XDG base directory specification: cached files go under $XDG_CACHE_HOME, else ~/.cache. */
export function cacheFolder(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'bpf-workbench');
}
