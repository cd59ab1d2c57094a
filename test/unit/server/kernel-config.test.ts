/** Variables from the kernel's configuration where there is none. */
import { describe, expect, it } from 'vitest';
import { missingConfig } from '../../../src/server/checks/kernel-config';

const PLACES = ['/boot/config-6.1.0', '/proc/config.gz'];
const found = (text: string) =>
  [...missingConfig(text, PLACES)].map(({ span, message }) => [text.slice(span.start, span.end), message]);

describe('a machine without the kernel’s configuration', () => {
  it('cannot fill in the variables that come from it, weak ones included', () => {
    const text = `#include "vmlinux.h"
extern unsigned int CONFIG_HZ __kconfig;
extern bool CONFIG_PREEMPT_RT __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;
`;
    expect(found(text)).toEqual([
      ['CONFIG_HZ', expect.stringContaining('/boot/config-6.1.0 or /proc/config.gz')],
      ['CONFIG_PREEMPT_RT', expect.stringContaining('the program cannot be loaded here')],
    ]);
  });

  it.each([
    'extern int CONFIG_HZ;\n',
    'int CONFIG_HZ;\n',
    'extern int LINUX_HAS_SYSCALL_WRAPPER __kconfig;\n',
  ])('has nothing to do with %j', text => {
    expect(found(text)).toEqual([]);
  });
});
