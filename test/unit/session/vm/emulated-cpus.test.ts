import { expect, it } from 'vitest';
import { emulatedThreadsOf } from '../../../../src/session/vm/emulated-cpus';

it.each([
  ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)', 'single'],
  ['QEMU emulator version 8.0.4 (Debian 1:8.0.4+dfsg-1ubuntu3)', 'single'],
  ['QEMU emulator version 8.1.0', 'multi'],
  ['QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1.10)', 'multi'],
  ['QEMU emulator version 10.0.3 (Debian 1:10.0.3+ds-0+deb13u1)', 'multi'],
  ['', 'single'],
] as const)('%s: %s', (version, threads) => {
  expect(emulatedThreadsOf(version)).toBe(threads);
});
