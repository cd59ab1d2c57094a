import { describe, expect, it } from 'vitest';
import { elevationFailure } from '../../../src/session/elevation/elevation-refusal';
import { findNode } from '../../../src/session/elevation/real-node';
import { startLocalTracer } from '../../../src/session/targets/local-tracer';

describe('elevationFailure', () => {
  it.each([
    [
      'sudo-password',
      'sudo: no password was provided\nsudo: a password is required',
      1,
      'elevation-cancelled',
    ],
    ['pkexec', 'Error executing command as another user: Request dismissed', 126, 'elevation-cancelled'],
    ['sudo-password', 'Sorry, try again.\nsudo: 3 incorrect password attempts', 1, 'wrong-password'],
    ['sudo-password', 'dev is not in the sudoers file.', 1, 'elevation-refused'],
    [
      'sudo-password',
      'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
      1,
      'no-new-privileges',
    ],
    ['pkexec', 'Error creating textual authentication agent', 127, 'no-polkit-agent'],
    [
      'pkexec',
      'Error executing command as another user: No authentication agent found.',
      127,
      'no-polkit-agent',
    ],
    [
      'pkexec',
      'Error executing command as another user: Not authorized\n\nThis incident has been reported.',
      127,
      'elevation-refused',
    ],
    ['already', 'setpriv: activate capabilities: Operation not permitted', 1, 'elevation-refused'],
    ['already', 'Error: Cannot find module', 1, 'tracer-failed'],
    [
      'sudo-password',
      'bpfw-tracer: libbpf.so.1 cannot be loaded: cannot open shared object file',
      69,
      'libbpf-missing',
    ],
  ] as const)('%s: %s', (way, stderr, exitCode, code) => {
    const error = elevationFailure(way, stderr, exitCode);
    expect(error.code).toBe(code);
    expect(error.fix).not.toBeNull();
  });
});

describe('startLocalTracer', () => {
  // Root holds every capability already: the way that asks nobody for a password.
  it.runIf(process.getuid?.() === 0)(
    'asks for consent whatever the way, and starts nothing without it',
    async () => {
      const asked: string[] = [];
      const commands: string[] = [];
      const capabilities = [{ capability: 'bpf', why: 'the test wants it' }] as const;
      const starting = startLocalTracer({
        node: await findNode(undefined, process.env),
        own: { tracerPath: '/nowhere/tracer.js', version: '0.0.0' },
        capabilities,
        objectName: 'fine',
        elevation: 'auto',
        ui: {
          hasTerminal: false,
          consent: async request => {
            asked.push(request.way);
            return false;
          },
          password: async () => null,
        },
        log: line => commands.push(line),
        onStarted: () => undefined,
      });
      await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
      expect(asked).toEqual(['already']);
      expect(commands).toEqual([]);
    },
  );
});
