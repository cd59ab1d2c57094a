/**
 * Whole sessions in a real VS Code on a real kernel, the sandbox VM's: attach, data, detach, the same again, a program
 * the verifier refuses, and a target that dies. What the numbers are is the kernel tests' matter; here it is that they
 * arrive, and that nothing stays attached.
 */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import type { SessionModel } from '../../src/host/sessions/session-model';
import { scratchProgram, until } from './lib/extension';
import { type Sandbox, takeSandbox } from './lib/sandbox';

const REFUSED = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("fentry/vfs_read")
int count_reads(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	*count += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

describe('session on the sandbox VM', function () {
  this.timeout(deadlineMs(240_000));
  let sandbox: Sandbox;
  let scratch: Awaited<ReturnType<typeof scratchProgram>>;

  before(async () => {
    sandbox = await takeSandbox();
    scratch = await scratchProgram('refused.bpf.c', REFUSED);
  });
  after(async () => {
    await sandbox.leave();
    await scratch.remove();
  });

  const sessions = () => sandbox.extension.exports.sessions;
  const spawnInGuest = async (...argv: string[]) =>
    (await sandbox.guest()).spawn({ argv, cwd: '/', env: { PATH: '/usr/bin:/bin' } }, () => undefined);
  /** Runs a command in the guest to its end. */
  const runInGuest = async (...argv: string[]) => {
    const started = await spawnInGuest(...argv);
    await started.resume();
    assert.equal(await started.exited, 0);
  };
  const create = (template: string) =>
    vscode.commands.executeCommand<vscode.Uri>('bpf.newProgram', template, scratch.folder);
  /** A name that is taken is asked for: each template is created once. */
  const made = new Map<string, vscode.Uri>();
  const attach = async (template: string, parameters: Record<string, string> = {}): Promise<SessionModel> => {
    const program = made.get(template) ?? (await create(template));
    made.set(template, program);
    const id = await vscode.commands.executeCommand<string>('bpf.compileAndAttach', program, { parameters });
    const model = sessions().all.find(candidate => candidate.id === id);
    assert.ok(model, `${template} was not attached`);
    return model;
  };

  it('attaches, and a histogram fills', async () => {
    const model = await attach('vfsreadlat');
    const { state, attached } = model.summary;
    assert.equal(state, 'running');
    assert.deepEqual(attached.map(each => each.attach).sort(), ['fentry/vfs_read', 'fexit/vfs_read']);
    await runInGuest('cat', '/etc/passwd');
    const total = await until('reads are counted', model.onDidChange, () => {
      const histograms = model.hydration('histogram').find(message => message.type === 'histograms');
      return histograms?.type === 'histograms' ? histograms.histograms[0]?.total || undefined : undefined;
    });
    assert.ok(total > 0);
    assert.equal(model.panels[0], 'histogram');
  });

  it('shows what programs cost while the Sessions view is on screen, also over their sections', async () => {
    const [model] = sessions().live;
    assert.ok(model);
    const lenses = async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        model.program,
        100,
      );
      return found.map(lens => lens.command?.title ?? '');
    };
    await vscode.commands.executeCommand('bpf.sessions.focus');
    await runInGuest('cat', '/etc/passwd');
    const cost = await until('a cost is known', model.onDidChange, () =>
      (model.cost?.nsPerRun ?? 0) > 0 ? model.cost : undefined,
    );
    assert.ok(cost);
    assert.deepEqual(
      [...cost.programs.keys()].sort(),
      model.summary.attached.map(({ program }) => program).sort(),
    );
    const running = await lenses();
    assert.ok(
      running.some(title => /fentry\/vfs_read · .* per run · .* % CPU/.test(title)),
      running.join('\n'),
    );
    await vscode.commands.executeCommand('workbench.view.explorer');
    await until('statistics are off again', model.onDidChange, () =>
      model.cost === null ? true : undefined,
    );
    assert.ok(model.isLive);
  });

  it('goes on while its page is hidden, moved and closed', async () => {
    const [model] = sessions().live;
    assert.ok(model);
    const total = () => {
      const histograms = model.hydration('histogram').find(message => message.type === 'histograms');
      return histograms?.type === 'histograms' ? (histograms.histograms[0]?.total ?? 0) : 0;
    };
    const { executeCommand } = vscode.commands;
    const toContainer = (destinationId: string) =>
      executeCommand('vscode.moveViews', { viewIds: ['bpf.histogram'], destinationId });
    const changes: [string, () => Thenable<unknown>][] = [
      ['hidden', () => executeCommand('bpf.events.focus')],
      ['moved', () => toContainer('workbench.view.explorer')],
      ['closed', () => executeCommand('workbench.action.closeSidebar')],
      ['moved back', () => toContainer('workbench.view.extension.bpf-panels')],
      ['closed with its panel', () => executeCommand('workbench.action.closePanel')],
      ['shown again', () => executeCommand('bpf.histogram.focus')],
    ];
    for (const [what, change] of changes) {
      const before = total();
      await change();
      await runInGuest('cat', '/etc/passwd');
      await until(`reads are counted, the page ${what}`, model.onDidChange, () =>
        total() > before ? true : undefined,
      );
      assert.equal(model.summary.state, 'running');
    }
  });

  it('detaches, and keeps what was received', async () => {
    const [model] = sessions().live;
    assert.ok(model);
    await vscode.commands.executeCommand('bpf.detach', model);
    assert.equal(model.summary.state, 'ended');
    assert.deepEqual(sessions().live, []);
    const kept = model.hydration('histogram').find(message => message.type === 'histograms');
    assert.ok(kept?.type === 'histograms' && (kept.histograms[0]?.total ?? 0) > 0);
    const globals = model.hydration('maps').find(message => message.type === 'globals');
    assert.ok(globals?.type === 'globals' && globals.globals.some(global => global.name === 'calls_missed'));
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      model.program,
      100,
    );
    const titles = lenses.map(lens => lens.command?.title ?? '');
    assert.ok(titles.includes('▶ Attach') && !titles.some(title => title.includes('per run')));
  });

  it('attaches again with the parameters it had, without asking', async () => {
    const ended = sessions().all[0];
    const id = await vscode.commands.executeCommand<string>('bpf.attachAgain', ended);
    assert.equal(sessions().live[0]?.id, id);
    await vscode.commands.executeCommand('bpf.detachAll');
    assert.deepEqual(sessions().live, []);
  });

  it('receives events', async () => {
    const model = await attach('hello_perf_output');
    await runInGuest('sh', '-c', '/bin/true; /bin/true; /bin/true');
    await until('three events', model.onDidChange, () => (model.events >= 3 ? true : undefined));
    const spans = model.hydration('events').filter(message => message.type === 'span');
    assert.ok(spans.length > 0);
    await vscode.commands.executeCommand('bpf.detach', model);
  });

  it('reads stacks at the end at the latest, with what was counted by them', async () => {
    const workload = await spawnInGuest('sh', '-c', 'echo $HOME');
    const model = await attach('mallocstacks', { target_pid: String(workload.pid) });
    assert.equal(model.panels[0], 'stacks');
    await workload.resume();
    assert.equal(await workload.exited, 0);
    await vscode.commands.executeCommand('bpf.detach', model);
    const message = await until('the stacks are named', model.onDidUpdate, () =>
      model.hydration('stacks').find(candidate => candidate.type === 'stacks'),
    );
    assert.ok(message.type === 'stacks');
    assert.equal(message.unit, 'bytes');
    const [sample] = message.stacks;
    assert.ok(sample && sample.count > 0 && (sample.value ?? 0) > 0);
    assert.ok(sample.frames.length > 0 && sample.frames.every(frame => frame.kind === 'user'));
  });

  it('puts the verifier on the C line it is about, with the whole log one click away', async () => {
    assert.equal(await vscode.commands.executeCommand('bpf.compileAndAttach', scratch.file), undefined);
    assert.deepEqual(sessions().live, []);
    const [diagnostic] = vscode.languages
      .getDiagnostics(scratch.file)
      .filter(candidate => candidate.source === 'BPF verifier');
    assert.ok(diagnostic);
    assert.match(diagnostic.message, /count_reads: `count` may be NULL here/);
    assert.ok(typeof diagnostic.code === 'object');
    assert.equal(diagnostic.code.value, 'unchecked-map-value');
    assert.match(diagnostic.code.target.path, /docs\/verifier\.md$/);
    assert.match(diagnostic.relatedInformation?.[0]?.message ?? '', /`count` comes from here/);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      scratch.file,
      diagnostic.range.start,
    );
    const said = hovers.flatMap(hover =>
      hover.contents.map(part => (typeof part === 'string' ? part : part.value)),
    );
    // MarkdownString.appendText() writes spaces as entities.
    assert.match(said.join(' ').replaceAll('&nbsp;', ' '), /NULL when the key is not in the map/);
    const document = await vscode.workspace.openTextDocument(scratch.file);
    assert.equal(document.lineAt(diagnostic.range.start.line).text.trim(), '*count += 1;');
    await vscode.commands.executeCommand('bpf.showVerifierLog');
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /processed \d+ insns/);
  });

  it('is detached by the overhead guard when it costs more than allowed, which is reported', async () => {
    const configuration = vscode.workspace.getConfiguration('bpf');
    await configuration.update('guard.cpuPercent', 0.1, vscode.ConfigurationTarget.Global);
    const busy = await spawnInGuest('sh', '-c', 'while :; do read line </proc/self/stat; done');
    try {
      const model = await attach('vfsreadlat');
      await busy.resume();
      await until(
        'the guard detached it',
        model.onDidChange,
        () => (model.isLive ? undefined : true),
        deadlineMs(60_000),
      );
      assert.equal(model.summary.state, 'ended');
      assert.match(model.summary.message, /^Detached by the overhead guard: .* its programs took .* % /);
      assert.deepEqual(sessions().live, []);
    } finally {
      await busy.kill('SIGKILL');
      await configuration.update('guard.cpuPercent', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('reports it when the target dies, keeps the data, and attaches again with one click', async () => {
    const model = await attach('bitehist');
    const vm = await (await sandbox.guest()).boot();
    process.kill(vm.qemuPid, 'SIGKILL');
    await until('the session failed', model.onDidChange, () =>
      model.summary.state === 'failed' ? true : undefined,
    );
    assert.match(model.summary.message, /gone|ended/);
    assert.deepEqual(sessions().live, []);
    // One click, in the row as in the message: another VM boots.
    const again = await vscode.commands.executeCommand<string>('bpf.attachAgain', model);
    assert.equal(sessions().live[0]?.id, again);
    assert.equal(sessions().live[0]?.summary.state, 'running');
  });
});
