/**
 * The command line of the privileged process's Node: no debugger can attach, even before its first line of JavaScript
 * runs. Any process of the same user may signal it, and SIGUSR1 makes Node listen for a debugger.
 */
import type { NodeRuntime } from './real-node';

/**
 * Debugger address for SIGUSR1: one that no machine has (240.0.0.0/4 is reserved, RFC 6890), so that bind(2) fails with
 * EADDRNOTAVAIL. Node has the option since version 8, and nothing outside the process can change it.
 */
const UNBINDABLE_ADDRESS = '240.0.0.1:9229';

/** --disable-sigusr1 was added in Node 22.14 and 23.7. */
function knowsDisableSigusr1(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 7) || (major === 22 && minor >= 14);
}

/** `version` null: the Node may be a different one when it is started. */
export function guardedNodeFlags(version: string | null): string[] {
  const flags = [`--inspect-port=${UNBINDABLE_ADDRESS}`];
  if (version !== null && knowsDisableSigusr1(version)) flags.push('--disable-sigusr1');
  return flags;
}

/**
 * The command line up to the script. Its environment is empty, so NODE_OPTIONS, NODE_V8_COVERAGE, LD_PRELOAD,
 * OPENSSL_CONF and the like never reach it, whichever variables sudo or pkexec preserve.
 */
export function guardedNode(node: NodeRuntime): string[] {
  const electron = node.electron ? ['ELECTRON_RUN_AS_NODE=1'] : [];
  return ['/usr/bin/env', '-i', ...electron, node.path, ...guardedNodeFlags(node.version)];
}
