/**
 * The form before ▶, on the sandbox VM: its lists offer what the target has, what is chosen there stands in the form, and
 * what is attached does as the form says. A click, a key and a look are the browser's.
 */
import * as assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionModel } from '../../../src/host/sessions/session-model';
import { act, type Place, shows } from './window';

/** What the window gives: see panels.test.ts. */
export interface Room {
  readonly scratch: vscode.Uri;
  /** Starts a command in the guest, stopped; `run` lets it go and resolves at its good end with what it printed. */
  spawn(command: string | readonly string[]): Promise<{ readonly pid: number; run(): Promise<string> }>;
  newest(): SessionModel;
  workload(name: string): string;
}

const ROWS = '.quick-input-list .monaco-list-row';
const LIST: Place = { css: '.quick-input-widget:visible .quick-input-filter input' };

/** Fields are told by the parameter's name in C. */
class Form {
  private constructor(
    private readonly page: string,
    /** The command's own end: the session's id, undefined when the user went away. */
    readonly ended: Thenable<string | undefined>,
  ) {}

  static open(program: vscode.Uri): Form {
    return new Form(
      `Parameters of ${path.basename(program.path, '.bpf.c')}`,
      vscode.commands.executeCommand('bpf.attachWithParameters', program),
    );
  }

  /** Waits until the field has this value. */
  has(parameter: string, value: string): Promise<void> {
    return act(this.page, { at: this.at(parameter, 'input'), holds: value });
  }
  type(parameter: string, text: string): Promise<void> {
    return act(this.page, { at: this.at(parameter, 'input'), fill: text });
  }
  press(parameter: string, key: string): Promise<void> {
    return act(this.page, { at: this.at(parameter, 'input'), press: key });
  }
  /** Waits until this stands under the field: what is wrong with it. */
  explains(parameter: string, problem: string): Promise<void> {
    return act(this.page, { at: this.at(parameter, '.problem'), holds: problem });
  }

  /** Presses the button beside the field, narrows the list by typing and takes the first row with that in its name. */
  async choose(parameter: string, typed: string, row: string): Promise<void> {
    await act(this.page, { at: this.at(parameter, 'vscode-button'), click: true });
    await act('', { at: LIST, fill: typed });
    await act('', { at: { role: 'option', name: row }, click: true });
  }
  /** In VS Code's own dialog, by its whole path. */
  async chooseFile(parameter: string, file: string): Promise<void> {
    await act(this.page, { at: this.at(parameter, 'vscode-button'), click: true });
    // The dialog puts its first folder into the box when it has read it: what is typed before that would be gone.
    await act('', { at: { css: `${ROWS}[aria-label^=".."]` }, shown: true });
    await act('', { at: LIST, fill: file });
    await act('', { at: { css: `${ROWS}[aria-label^="${path.basename(file)}"]` }, click: true });
    await this.has(parameter, file);
  }

  async attach(): Promise<void> {
    await act(this.page, { at: { css: '.actions vscode-button' }, click: true });
    assert.ok(await this.ended, 'nothing was attached');
  }

  private at(parameter: string, part: string): Place {
    return { css: `[data-parameter=${parameter}] ${part}` };
  }
}

export function parameterForm(room: () => Room): void {
  /** In a folder of its own: values are remembered by a program's path. */
  const create = async (template: string) => {
    const folder = vscode.Uri.joinPath(room().scratch, 'form');
    await vscode.workspace.fs.createDirectory(folder);
    return vscode.commands.executeCommand<vscode.Uri>('bpf.newProgram', template, folder);
  };
  const attachedTo = () =>
    room()
      .newest()
      .summary.attached.map(({ attach }) => attach)
      .join();

  describe('the form before ▶', () => {
    afterEach(async () => {
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await vscode.commands.executeCommand('bpf.detachAll');
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    });

    it('offers processes, commands and the functions of a library, and traces what was chosen', async () => {
      const { spawn, workload } = room();
      const chosen = await spawn([workload('w_strlen'), '3', '21']);
      const other = await spawn([workload('w_strlen'), '3', '34']);
      const form = Form.open(await create('strlen_snoop'));
      await form.choose('target_pid', String(chosen.pid), String(chosen.pid));
      await form.has('target_pid', String(chosen.pid));
      await form.choose('target_comm', 'kthreadd', 'kthreadd');
      await form.has('target_comm', 'kthreadd');
      await form.choose('target_comm', 'Every', 'Every command');
      await form.has('target_comm', '');
      await form.choose('target_function', 'strnlen', 'strnlen');
      await form.has('target_function', 'strnlen');
      await form.choose('target_function', 'strlen', 'strlen');
      await form.has('target_function', 'strlen');
      await form.attach();
      // strlen is an IFUNC: attached is the implementation in use, by its offset.
      assert.match(attachedTo(), /libc\.so\.6:\+0x[0-9a-f]+$/);
      await other.run();
      await chosen.run();
      const text = await shows('Events', ['strlen_snoop', 'x'.repeat(21)]);
      assert.ok(!text.includes('x'.repeat(34)), 'a process that was not chosen is traced');
    });

    it('offers the disks of the target', async () => {
      const device = await (await room().spawn('cat /sys/block/nullb0/dev')).run();
      const form = Form.open(await create('disksnoop'));
      await form.choose('target_device', 'nullb0', 'nullb0');
      await form.has('target_device', device.trim());
      await form.attach();
      await (
        await room().spawn('dd if=/dev/nullb0 of=/dev/null bs=4k count=3 iflag=direct status=none')
      ).run();
      await shows('Events', ['disksnoop', 'io_read', 'dd']);
    });

    it("offers the functions of the target's kernel", async () => {
      const form = Form.open(await create('stacksnoop'));
      await form.choose('target_function', 'vfs_fsync_range', 'vfs_fsync_range');
      await form.has('target_function', 'vfs_fsync_range');
      await form.attach();
      assert.match(attachedTo(), /vfs_fsync_range/);
    });

    it('offers the probes of a file, explains what is wrong in place, and is remembered: Attach Again asks nothing', async () => {
      const { spawn, newest, workload } = room();
      const program = await create('nodejs_http_server');
      const statements = async (count: number) =>
        (await spawn([workload('usdtfix'), 'mysql', String(count)])).run();
      const form = Form.open(program);
      await form.chooseFile('target_path', workload('usdtfix'));
      await form.choose('target_probe', 'mysql', 'mysql:query__start');
      await form.has('target_probe', 'mysql:query__start');
      await form.type('text_argument', '12');
      const problem = "text_argument cannot be '12': it must be between -1 and 11.";
      await form.explains('text_argument', problem);
      // Enter attaches, but not with this.
      await form.press('text_argument', 'Enter');
      await form.explains('text_argument', problem);
      await form.type('text_argument', '0');
      await form.explains('text_argument', '');
      await form.attach();
      assert.match(attachedTo(), /usdtfix:mysql:query__start/);
      await statements(2);
      await shows('Events', ['nodejs_http_server', 'select 1']);

      const first = newest();
      await vscode.commands.executeCommand('bpf.attachAgain', first);
      assert.notEqual(newest(), first);
      assert.equal(first.summary.state, 'ended');
      assert.match(attachedTo(), /usdtfix:mysql:query__start/);
      await statements(4);
      await shows('Events', ['nodejs_http_server', 'select 3']);

      const again = Form.open(program);
      await again.has('target_probe', 'mysql:query__start');
      await again.has('text_argument', '0');
      await again.press('text_argument', 'Escape');
      assert.equal(await again.ended, undefined);
    });
  });
}
