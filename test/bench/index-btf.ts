/** In a process of its own: how long the language server's index of a kernel's BTF takes, and what it keeps in memory. */
import { TargetKernel } from '../../src/server/kernel/target-kernel';

const [btfPath = ''] = process.argv.slice(2);
const collect = globalThis.gc;
if (!collect) throw new Error('run with --expose-gc');
const kept = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const before = kept();
const began = performance.now();
const kernel = await TargetKernel.open({ btfPath, cacheFolder: '' });
if (!kernel) throw new Error(`no BTF in ${btfPath}`);
kernel.types.prepare();
const ms = performance.now() - began;
const mb = (kept() - before) / 1e6;
if (!kernel.hasModuleBtf('') && !kernel.types.hasFunction('vfs_read'))
  throw new Error('the index has no vfs_read');
console.log(JSON.stringify({ ms, mb }));
