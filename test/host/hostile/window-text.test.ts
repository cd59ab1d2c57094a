/**
 * Text of strangers in VS Code's own window: names as an attacker chooses them become no link, icon, image or markup, and
 * can be read. First it is shown that VS Code makes all that of them when they are not escaped.
 */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { askText, PickList, pickOne } from '../../../src/host/ui/inputs';
import { codeLens, StatusItem, treeItem } from '../../../src/host/ui/items';
import { askModal, notify, withProgress } from '../../../src/host/ui/messages';
import { TextTerminal } from '../../../src/host/ui/terminal';
import { escapeMessage } from '../../../src/shared/text/escape';
import { MARKUP_ATTACK as ATTACK, cString, TERMINAL_ATTACK } from '../../unit/text/hostile';
import { activeExtension, scratchProgram } from '../lib/extension';
import { act, htmlOf } from '../templates/window';

/** Of the attack, as it can be read once escaped. */
const READABLE = '[Show details]\\(command:workbench.action.terminal.new) $\\(bell)';
/** Links, images, that icon, and HTML of the text's own. */
const MARKUP = /href=|<img\b|codicon-bell|<b>/;
const NOTIFICATION = '.notification-list-item-message';
const LIST_ROW = '.quick-input-list-row';

describe('text of strangers in the window', function () {
  this.timeout(deadlineMs(120_000));
  before(activeExtension);
  afterEach(async () => {
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
  });

  /** With the list of notifications open: a toast goes by itself. */
  const showNotifications = () => vscode.commands.executeCommand('notifications.showList');

  /** What the window shows there holds the text and nothing of it became more than text. */
  async function isText(css: string, text = READABLE): Promise<void> {
    assert.doesNotMatch(await htmlOf(css, text), MARKUP);
  }

  it('would become a link that runs a command, and an icon', async () => {
    void vscode.window.showErrorMessage(`raw ${ATTACK}`, 'Close');
    await showNotifications();
    assert.match(await htmlOf(NOTIFICATION, 'raw Show details'), /<a href="command:workbench/);
    const item = vscode.window.createStatusBarItem('hostile-raw');
    item.text = `raw ${ATTACK}`;
    item.show();
    try {
      assert.match(await htmlOf('.statusbar-item', 'raw ['), /codicon-bell/);
    } finally {
      item.dispose();
    }
  });

  for (const severity of ['error', 'warning', 'information'] as const) {
    it(`is text in a notification (${severity})`, async () => {
      void notify(severity, `${severity} of ${ATTACK}`, 'Close');
      await showNotifications();
      await isText(NOTIFICATION, `${severity} of ${READABLE}`);
    });
  }

  it('is text in the title and the steps of progress', async () => {
    let finish: () => void = () => undefined;
    const done = new Promise<void>(resolve => {
      finish = resolve;
    });
    const shown = withProgress({ where: 'notification', title: `title ${ATTACK}` }, say => {
      say(`step ${ATTACK}`);
      return done;
    });
    await showNotifications();
    await isText(NOTIFICATION, `title ${READABLE}`);
    await isText(NOTIFICATION, `step ${READABLE}`);
    finish();
    await shown;
  });

  it('is text in a modal dialog', async () => {
    // VS Code shows none while it runs tests, and says what it would have shown.
    await assert.rejects(
      Promise.resolve(askModal('warning', { message: `question ${ATTACK}`, detail: [] }, 'Go On')),
      (error: Error) => error.message.includes(`question ${READABLE}`),
    );
  });

  it('is text in lists to pick from: title, placeholder, label, description, detail', async () => {
    const item = {
      label: `label ${ATTACK}`,
      description: `description ${ATTACK}`,
      detail: `detail ${ATTACK}`,
    };
    const picked = pickOne([item], { title: `title ${ATTACK}`, placeholder: ATTACK });
    await isText('.quick-input-title', `title ${READABLE}`);
    for (const part of ['label', 'description', 'detail']) await isText(LIST_ROW, `${part} ${READABLE}`);
    await act('', { at: { css: '.quick-input-widget input.input' }, press: 'Enter' });
    assert.equal(await picked, item);

    const list = new PickList<typeof item>({ title: 'later', placeholder: ATTACK });
    list.fill([item]);
    await isText(LIST_ROW, `detail ${READABLE}`);
    list.dispose();
  });

  it('is text in a box to type into: title, prompt, what is wrong', async () => {
    const typed = askText({
      title: `title ${ATTACK}`,
      prompt: `prompt ${ATTACK}`,
      value: 'x',
      problemOf: async value => (value === 'wrong' ? `problem ${ATTACK}` : null),
    });
    await isText('.quick-input-title', `title ${READABLE}`);
    await isText('.quick-input-message', `prompt ${READABLE}`);
    await act('', { at: { css: '.quick-input-widget input.input' }, fill: 'wrong' });
    await isText('.quick-input-message', `problem ${READABLE}`);
    await act('', { at: { css: '.quick-input-widget input.input' }, press: 'Escape' });
    assert.equal(await typed, undefined);
  });

  it('is text in the status bar', async () => {
    const item = new StatusItem('hostile', 'Hostile', 'bpf.showLog', 1);
    item.show([{ icon: 'record', text: `item ${ATTACK}` }], [ATTACK]);
    try {
      const html = await htmlOf('.statusbar-item', `item ${READABLE}`);
      assert.doesNotMatch(html, MARKUP);
      // Our own icon is still one.
      assert.match(html, /codicon-record/);
    } finally {
      item.dispose();
    }
  });

  it('is text in a tree and over a line of code', async () => {
    const row = treeItem({ label: `row ${ATTACK}`, description: ATTACK, tooltip: [ATTACK, 'second'] });
    assert.equal(row.label, `row ${escapeMessage(ATTACK)}`);
    assert.equal(row.tooltip, `${escapeMessage(ATTACK)}\nsecond`);
    const lens = codeLens(new vscode.Range(0, 0, 0, 0), [{ icon: 'record', text: ATTACK }], {
      tooltip: ATTACK,
      command: 'bpf.showLog',
      arguments: [],
    });
    assert.equal(lens.command?.title, `$(record) ${escapeMessage(ATTACK)}`);
    const scratch = await scratchProgram('lens.txt', 'one line\n');
    const provider = vscode.languages.registerCodeLensProvider(
      { scheme: 'file', pattern: '**/lens.txt' },
      { provideCodeLenses: () => [lens] },
    );
    try {
      await vscode.window.showTextDocument(scratch.file);
      const html = await htmlOf('.contentWidgets', READABLE);
      assert.doesNotMatch(html, MARKUP);
      assert.match(html, /codicon-record/);
    } finally {
      provider.dispose();
      await scratch.remove();
    }
  });

  it('is text in the terminal of a task', () => {
    class Terminal extends TextTerminal {
      open(): void {
        this.write(`one ${TERMINAL_ATTACK}\ntwo\r\n\tthree`);
      }
      close(): void {}
    }
    const terminal = new Terminal();
    let written = '';
    terminal.onDidWrite(text => {
      written += text;
    });
    terminal.open();
    assert.doesNotMatch(written.replaceAll('\r\n', ''), /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.ok(written.startsWith('one \\e]52;c;cm0gLXJm\\x07'));
    assert.ok(written.endsWith('\r\ntwo\r\n\tthree'));
  });

  it('is text where it is the name of a program that does not compile', async () => {
    // A slash would make folders of the name.
    const name = `${ATTACK.replaceAll('/', '')}.bpf.c`;
    const scratch = await scratchProgram(name, 'no program');
    try {
      await vscode.commands.executeCommand('bpf.compileAndAttach', scratch.file);
      await showNotifications();
      await isText(NOTIFICATION);
    } finally {
      await scratch.remove();
    }
  });

  it('is text in the language server’s answers about a section', async () => {
    const source = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* ${ATTACK} */
#define HOSTILE 1

SEC("uprobe/${ATTACK}:main")
int probe(void *ctx)
{
	return HOSTILE;
}

char LICENSE[] SEC("license") = ${cString('GPL')};
`;
    const scratch = await scratchProgram('hover.bpf.c', source);
    try {
      const document = await vscode.workspace.openTextDocument(scratch.file);
      await vscode.window.showTextDocument(document);
      await (await activeExtension()).exports.language.ready();
      for (const word of ['uprobe/', 'HOSTILE;']) {
        const at = document.positionAt(source.indexOf(word) + 1);
        const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
          'vscode.executeHoverProvider',
          document.uri,
          at,
        );
        const texts = hovers
          .flatMap(each => each.contents)
          .filter(each => each instanceof vscode.MarkdownString);
        const own = texts.filter(({ value }) => value.includes('Show details'));
        assert.ok(own.length > 0, `a hover over ${word}: ${JSON.stringify(hovers)}`);
        for (const text of own) {
          assert.ok(!text.isTrusted && !text.supportHtml);
          const html = await vscode.commands.executeCommand<string>('markdown.api.render', text.value);
          assert.doesNotMatch(html, MARKUP);
        }
      }
    } finally {
      await scratch.remove();
    }
  });
});
