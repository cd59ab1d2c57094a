/** Variables that libbpf fills in from the kernel's configuration, on a machine that has none. */
import { kconfigName } from '../../shared/c/line-names';
import type { Check, Problem } from './problem';

export const kernelConfig: Check = function* ({ source, kernel }) {
  const config = kernel?.configFiles() ?? null;
  if (config === null || config.found) return;
  yield* missingConfig(source.text, config.places);
};

/** `places`: where libbpf looks (bpf_object__read_kconfig_file() of tools/lib/bpf/libbpf.c). */
export function* missingConfig(text: string, places: readonly string[]): Generator<Problem> {
  let start = 0;
  for (const line of text.split('\n')) {
    const name = kconfigName(line);
    // The others, LINUX_KERNEL_VERSION and the like, need no file. A weak one needs it as well: libbpf reads it or gives up.
    if (name?.startsWith('CONFIG_')) {
      const at = start + line.indexOf(name);
      yield {
        code: 'kernel-config-missing',
        severity: 'warning',
        span: { start: at, end: at + name.length },
        message: `libbpf fills in ${name} from ${places.join(' or ')}, and this machine has neither: the program cannot be loaded here.`,
        fixes: [],
      };
    }
    start += line.length + 1;
  }
}
