import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { explainCommand } from '../../../src/cli/commands/explain';
import { UsageError } from '../../../src/cli/print/exit';

const root = path.resolve(import.meta.dirname, '../../..');
const log = path.join(root, 'test/fixtures/verifier/6.1/unchecked-map-value.log');
const source = path.join(root, 'test/kernel/verifier/programs/unchecked-map-value.bpf.c');

async function output(file: string, options: Parameters<typeof explainCommand>[1]): Promise<string> {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    printed += String(chunk);
    return true;
  });
  await explainCommand(file, options);
  return printed;
}

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

describe('bpfw explain', () => {
  it('prints a rejection as compilers do, with the source under it', async () => {
    const lines = (await output(log, { source })).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      `${source}:20:2: error: \`calls\` may be NULL here: the map \`counts\` may not contain the key. [unchecked-map-value]`,
      '   20 | \t*calls += 1;',
      '      | \t^',
    ]);
    expect(lines).toContain(
      `${source}:19:2: note: \`calls\` comes from here: NULL when \`counts\` does not contain the key`,
    );
  });

  it('prints the object that docs/cli.md describes', async () => {
    const lines = (await output(log, { source, json: true })).trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      type: 'rejected',
      program: '',
      diagnostics: [
        {
          file: source,
          line: 20,
          column: 2,
          severity: 'error',
          code: 'unchecked-map-value',
          message: expect.stringMatching(/^`calls` may be NULL/),
          explanation: expect.stringMatching(/NULL when the key is not in the map/),
          related: [{ file: source, line: 19, message: expect.stringMatching(/comes from here/) }],
        },
      ],
    });
  });

  it('refuses what holds no log', async () => {
    await expect(output(path.join(root, '.npmrc-that-is-not-there'), {})).rejects.toThrow(UsageError);
    await expect(output('/dev/null', {})).rejects.toThrow(/does not contain a verifier log/);
    await expect(output(path.join(root, 'LICENSE'), {})).rejects.toThrow(/does not contain a verifier log/);
  });
});
