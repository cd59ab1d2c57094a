import * as assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { toUserError } from '../../src/host/common/errors';
import { SessionError } from '../../src/session/errors';

describe('errors', () => {
  it('are not taken for ours because they have a code', async () => {
    const raw = await readFile('/absent').catch((error: unknown) => error);
    assert.match(toUserError(raw)?.message ?? '', /^Internal error in BPF Workbench: ENOENT/);
  });

  it('of ours keep their message, and a fix that is a command can be copied', () => {
    const shown = (fix: { command: string } | { text: string }) =>
      toUserError(new SessionError('setpriv-missing', 'setpriv is missing.', fix));
    const command = shown({ command: 'apk add setpriv' });
    assert.equal(command?.message, 'setpriv is missing. To fix it: apk add setpriv');
    assert.ok(command?.actions.some(action => action.label === 'Copy Command'));
    const text = shown({ text: 'Install it.' });
    assert.equal(text?.message, 'setpriv is missing. Install it.');
    assert.ok(!text?.actions.some(action => action.label === 'Copy Command'));
  });
});
