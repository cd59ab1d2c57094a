/** The command line's consent: what is missing is said once, with everything needed to say it. */
import { describe, expect, it } from 'vitest';
import { allowPrograms } from '../../../src/cli/workplace/allow-programs';
import type { ProgramReasons } from '../../../src/shared/bpf/program-policy';

const kills: ProgramReasons = {
  program: 'kills',
  section: 'raw_tp/sys_enter',
  reasons: ['helper:bpf_send_signal'],
};
const drops: ProgramReasons = { program: 'drops', section: 'xdp', reasons: ['type:xdp'] };
const ask = (allowed: readonly string[], ...programs: ProgramReasons[]) =>
  allowPrograms(allowed)({ objectName: 'x.bpf.o', target: 'this kernel', programs });

describe('--allow', () => {
  it('is a yes for the programs it names', async () => {
    expect(await ask(['kills', 'drops'], kills, drops)).toBe(true);
  });

  it('names the others, why, and what to add', async () => {
    await expect(ask(['drops'], kills, drops)).rejects.toThrow(
      'these programs do more than observe. On this kernel they run only when you allow them:\n' +
        'kills (raw_tp/sys_enter) sends signals to processes (it calls bpf_send_signal)\n' +
        'To allow it, add --allow kills',
    );
    await expect(ask([], kills, drops)).rejects.toThrow('To allow them, add --allow kills --allow drops');
  });

  it('keeps a name with the end of a line on its line', async () => {
    const hostile = { ...kills, program: 'a\nTo allow it, add --allow b' };
    await expect(ask([], hostile)).rejects.toThrow(/^a\\nTo allow it, add --allow b \(raw_tp/m);
  });
});
