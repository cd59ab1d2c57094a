/** libbpf fails before the verifier: the configuration of the running kernel is missing. */
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const source = {
  file: 'ticks.bpf.c',
  text: `#include "vmlinux.h"

extern unsigned int CONFIG_HZ __kconfig;
extern bool CONFIG_PREEMPT_RT __kconfig __weak;

SEC("tp/sched/sched_process_exit")
int on_exit(void *ctx)
{
	return CONFIG_HZ;
}
`,
};
const explain = (message: string, given?: typeof source) =>
  explainLog(`libbpf: ${message}\nlibbpf: failed to load object 'ticks.o'\n`, { source: given })[0]
    ?.diagnostics[0];

describe('a program with __kconfig variables', () => {
  it('names both files and the variables, on the line of the first', () => {
    expect(explain('failed to open system Kconfig', source)).toMatchObject({
      code: 'missing-kernel-config',
      line: 3,
      message: expect.stringMatching(
        /fills in `CONFIG_HZ`, `CONFIG_PREEMPT_RT`: neither \/boot\/config-\$\(uname -r\) nor \/proc\/config\.gz/,
      ),
    });
  });

  it('names the one that the configuration does not set', () => {
    expect(explain("extern 'CONFIG_HZ' (strong): not resolved", source)).toMatchObject({
      line: 3,
      message: 'The running kernel’s configuration does not set `CONFIG_HZ`.',
    });
  });

  it('names no variable without the source', () => {
    expect(explain('failed to open system Kconfig')?.message).toContain('fills in the __kconfig variables:');
  });
});
