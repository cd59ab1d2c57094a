import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findNode } from '../../../src/session/elevation/real-node';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-node-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('finds the program behind a version manager’s script, which is what gets rights', async () => {
  const script = path.join(folder, 'node');
  writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  chmodSync(script, 0o755);
  expect(await findNode(script, {})).toEqual({
    path: realpathSync(process.execPath),
    version: process.versions.node,
    electron: false,
  });
});

it('refuses a setting that names something else', async () => {
  await expect(findNode('/bin/true', {})).rejects.toMatchObject({ code: 'no-tracer-node' });
});
