import { describe, expect, it } from 'vitest';
import { installTracer } from '../../../src/session/elevation/install-tracer';

describe('installTracer', () => {
  it.each(['', '1.0', '../1.0.0', '1.0.0/../../etc', '1.0.0 x', '1.0.0\n', "1.0.0'", '1.0.0$(id)', '.1.0.0'])(
    'starts nothing for the version %j, which would name another folder or more than one word',
    async version => {
      const ran: string[] = [];
      const request = {
        own: { tracerPath: '/nowhere/tracer.js', version },
        node: { path: '/usr/bin/node', version: '20.0.0', electron: false },
        elevation: 'auto' as const,
        ui: { hasTerminal: false, password: async () => null },
        log: (line: string) => ran.push(line),
      };
      await expect(installTracer(request)).rejects.toMatchObject({
        code: 'installed-tracer',
        message: expect.stringContaining('is not a valid version'),
      });
      expect(ran).toEqual([]);
    },
  );
});
