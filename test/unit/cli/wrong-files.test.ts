/** Files on the command line that cannot be used: exit code 2 and the reason, for each command that takes one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildCommand } from '../../../src/cli/commands/build';
import { explainCommand } from '../../../src/cli/commands/explain';
import { inspectCommand } from '../../../src/cli/commands/inspect';
import { UsageError } from '../../../src/cli/print/exit';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-wrong-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

const commands: [string, (file: string) => Promise<void>][] = [
  ['build', file => buildCommand(`${file}.bpf.c`, {})],
  ['inspect', file => inspectCommand(`${file}.o`, {})],
  ['explain', file => explainCommand(`${file}.log`, {})],
];

describe.each(commands)('bpfw %s', (_, run) => {
  it('names a file that is not there, and the errno', async () => {
    const refused = run(path.join(folder, 'nowhere'));
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/Reading \S*nowhere\.\S+ failed: ENOENT/);
  });
});
