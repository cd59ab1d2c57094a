/** Grammars by vscode-tmgrammar-test: every file under grammars/ asserts its own scopes. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository, scratch } from './client';

const folder = path.join(import.meta.dirname, 'grammars');
const tool = path.join(repository, 'node_modules/.bin/vscode-tmgrammar-test');

/** Grammars come from package.json, as in VS Code; C's own is not ours, so a small one stands in. */
function check(file: string) {
  const { status, stdout } = spawnSync(
    tool,
    ['--config', path.join(repository, 'package.json'), '-g', path.join(folder, 'c.tmLanguage.json'), file],
    { encoding: 'utf8', cwd: repository },
  );
  return { status, stdout };
}

describe('grammars', () => {
  const files = readdirSync(folder).filter(name => !name.endsWith('.json'));

  it('finds a test for every grammar', () => {
    expect(files.sort()).toEqual(['dump.bpf.s', 'injection.bpf.c', 'log.verifier.log']);
  });

  it.each(files)('%s', file => {
    const { status, stdout } = check(path.join(folder, file));
    expect(stdout).toContain('run successfuly');
    expect(status).toBe(0);
  });

  it('notices a wrong scope', () => {
    const wrong = path.join(scratch(), 'wrong.verifier.log');
    const text = readFileSync(path.join(folder, 'log.verifier.log'), 'utf8');
    writeFileSync(wrong, text.replace('keyword.control.safe.bpf-log', 'keyword.control.unsafe'));
    expect(check(wrong).status).not.toBe(0);
  });
});
