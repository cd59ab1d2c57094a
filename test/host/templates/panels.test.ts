/**
 * Every template as a user meets it: created in the workspace, attached on the sandbox VM's kernel, given something
 * to see, and looked at in the panel. What the numbers are is the kernel tests' matter; here it is that the pages a
 * template names in its template.json, and no others, open by themselves and show what its workload did.
 */

import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { SessionModel } from '../../../src/host/sessions/session-model';
import type { VmTarget } from '../../../src/session/targets/vm-target';
import type { TemplateManifest } from '../../../src/shared/template/manifest';
import { compileWorkloads, workloadPath } from '../../kernel/bench/workloads';
import { EXTENSION_ID, scratchProgram } from '../lib/extension';
import { type Sandbox, takeSandbox } from '../lib/sandbox';
import { parameterForm } from './parameter-form';
import { shows, takePicture } from './window';

const checkout = vscode.extensions.getExtension(EXTENSION_ID)?.extensionPath ?? '';
const templates = path.join(checkout, 'bpf-templates');
const workload = (name: string) => workloadPath(name, checkout);

/** What a template is given to see, and words its pages then show. */
interface Scene {
  /** Runs in the guest as root; a text is a shell's. Its pid is the template's process, unless `parameters` say another. */
  readonly command: string | readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
  readonly shows: Partial<Record<PageTitle, readonly string[]>>;
  /** Pictures for docs/panels.md, in each of THEMES, under this name. */
  readonly picture?: string;
}

/** The one the test ends with is the one it begins with. */
const THEMES = { dark: 'Dark Modern', light: 'Light Modern' } as const;

type PageTitle = 'Histogram' | 'Events' | 'Stacks' | 'Maps';
const PAGE_TITLES: Readonly<Record<string, PageTitle>> = {
  histogram: 'Histogram',
  events: 'Events',
  stacks: 'Stacks',
  maps: 'Maps',
};

const readDisk = 'dd if=/dev/nullb0 of=/dev/null bs=4k count=123 iflag=direct status=none';
const readRandom = ['dd', 'if=/dev/urandom', 'of=/dev/null', 'bs=1k', 'count=5', 'status=none'];
const forks = [workload('w_clone'), 'fork', '3'];
/** Longer than any path of a checkout: these calls have a slot of the histogram to themselves. */
const strlens = [workload('w_strlen'), '123', '1000'];
const shortStrlens = [workload('w_strlen'), '123', '37'];

const SCENES: Readonly<Record<string, Scene>> = {
  biolatpcts: { command: readDisk, shows: { Histogram: ['Latency below 100 ms'] } },
  bitehist: { command: readDisk, shows: { Histogram: ['I/O size', '123'] } },
  dddos: {
    command: [workload('w_net'), 'udp', '1500'],
    parameters: { max_gap_us: '1000000' },
    shows: { Events: ['127.0.0.1', '1001'] },
  },
  disksnoop: { command: readDisk, shows: { Events: ['io_read', '4 KiB', 'dd'] }, picture: 'events' },
  hello_fields: { command: forks, shows: { Events: ['w_clone', 'Hello, World!'] } },
  hello_perf_output: { command: forks, shows: { Events: ['w_clone', 'created'] } },
  hello_perf_output_using_ns: {
    command: ['unshare', '-pf', 'sh', '-c', '/bin/true; /bin/true'],
    shows: { Events: ['unshare', 'namespace depth'] },
  },
  hello_world: { command: forks, shows: { Events: ['w_clone', 'Hello, World!'] } },
  kvm_hypercall: {
    command: [workload('w_kvm'), '10', '5'],
    shows: { Events: ['guest_hypercall'], Maps: ['Exits by reason', '129'] },
  },
  mallocstacks: {
    command: [workload('w_malloc_fp')],
    shows: { Stacks: ['aaa', 'bbb'] },
    picture: 'stacks',
  },
  mysqld_query: {
    command: [workload('w_mariadb'), '5'],
    parameters: { target_path: workload('w_mariadb') },
    shows: { Events: ['select 4'] },
  },
  nflatency: {
    command: [workload('w_net'), 'udp', '200'],
    shows: { Histogram: ['hook_input'] },
    picture: 'histogram',
  },
  nodejs_http_server: {
    command: [workload('usdtfix'), 'http', '5'],
    parameters: { target_path: workload('usdtfix') },
    shows: { Events: ['GET', '/path/4?q=1'] },
  },
  setuid_monitor: { command: [workload('w_setuid')], shows: { Events: ['w_setuid', 'EPERM'] } },
  stack_buildid: {
    command: [workload('w_burn'), '1'],
    shows: { Stacks: ['burn_leaf'] },
  },
  stacksnoop: {
    command: forks,
    shows: { Stacks: ['kernel_clone'], Events: ['w_clone'] },
  },
  strlen_count: { command: shortStrlens, shows: { Maps: ['x'.repeat(37), '123'] } },
  strlen_hist: { command: strlens, shows: { Histogram: ['String length', '123'] } },
  strlen_hist_ifunc: {
    command: strlens,
    shows: { Histogram: ['String length', '123'], Events: ['w_strlen', 'implementation'] },
  },
  strlen_snoop: { command: shortStrlens, shows: { Events: ['x'.repeat(37)] } },
  sync_timing: { command: [workload('w_sync')], shows: { Events: ['w_sync'] } },
  task_switch: {
    command: [workload('w_pp'), '200'],
    shows: { Maps: ['Switches by pair of threads', 'w_pp'] },
    picture: 'maps',
  },
  tcpv4connect: { command: [workload('w_net'), 'tcp', '4'], shows: { Events: ['127.0.0.1', '7777'] } },
  trace_perf_output: {
    command: [workload('w_getpid'), '5'],
    shows: { Events: ['getpid_call', '0x12345678'] },
  },
  undump: {
    command: [workload('w_net'), 'unix', '2'],
    parameters: { target_pid: '0' },
    shows: { Events: ['hello-unix-01'] },
  },
  urandomread: { command: readRandom, shows: { Events: ['8192', 'dd'] } },
  urandomread_explicit: { command: readRandom, shows: { Events: ['8192', 'dd'] } },
  vfsreadlat: { command: [workload('w_read'), '20', '20'], shows: { Histogram: ['vfs_read latency', '20'] } },
};

/** What the guest needs before: a disk of its own, hardware virtualisation, and a rule for packets to pass. */
const PREPARE = `
  modprobe null_blk queue_mode=2 irqmode=2 completion_nsec=1000000 bs=512 gb=1
  modprobe kvm_amd
  nft add table inet panels
  nft add chain inet panels input '{ type filter hook input priority 0; }'`;

describe('templates in the panel', function () {
  this.timeout(deadlineMs(180_000));
  let sandbox: Sandbox;
  let scratch: Awaited<ReturnType<typeof scratchProgram>>;
  let guest: VmTarget;

  before(async function () {
    // Another run's guest may have to end first.
    this.timeout(20 * 60_000);
    compileWorkloads(checkout);
    scratch = await scratchProgram('notes.txt', '');
    sandbox = await takeSandbox();
    guest = await sandbox.guest();
    await (await spawn(PREPARE)).run();
  });
  after(async () => {
    await sandbox.leave();
    await scratch.remove();
  });

  /** Started stopped; `run` lets it go and resolves at its good end with what it printed. */
  const spawn = async (command: Scene['command']) => {
    let said = '';
    const started = await guest.spawn(
      {
        argv: typeof command === 'string' ? ['sh', '-euc', command] : command,
        cwd: '/',
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      },
      (_stream, bytes) => {
        said += Buffer.from(bytes).toString();
      },
    );
    const run = async () => {
      await started.resume();
      assert.equal(await started.exited, 0, `${command}: ${said}`);
      return said;
    };
    return { pid: started.pid, run };
  };
  const create = (name: string) =>
    vscode.commands.executeCommand<vscode.Uri>('bpf.newProgram', name, scratch.folder);
  const newest = (): SessionModel => {
    const [model] = sandbox.extension.exports.sessions.all;
    assert.ok(model, 'there is no session');
    return model;
  };

  parameterForm(() => ({ scratch: scratch.folder, spawn, newest, workload }));

  for (const name of templateNames().filter(each => each !== 'lbr')) {
    it(`${name} shows what it sees`, async () => {
      const scene = SCENES[name];
      assert.ok(scene, `bpf-templates/${name} has no scene in this test`);
      const { panels, parameters = {} } = manifestOf(name);
      const command = await spawn(scene.command);
      const id = await vscode.commands.executeCommand<string | undefined>(
        'bpf.compileAndAttach',
        await create(name),
        {
          parameters: {
            ...('target_pid' in parameters ? { target_pid: String(command.pid) } : {}),
            ...scene.parameters,
          },
        },
      );
      const model = newest();
      assert.equal(model.summary.state, 'running', model.summary.message);
      assert.equal(model.id, id);
      assert.deepEqual([...model.mainPanels].sort(), [...panels].sort());
      assert.deepEqual(Object.keys(scene.shows).sort(), panels.map(panel => PAGE_TITLES[panel]).sort());
      await command.run();
      for (const [title, texts] of Object.entries(scene.shows)) await shows(title, [name, ...texts]);
      if (scene.picture) await takePictures(scene.picture);
      assert.deepEqual([...sandbox.extension.exports.sessions.watched].sort(), [...panels].sort());
      await vscode.commands.executeCommand('bpf.detach', model);
      assert.equal(model.summary.state, 'ended');
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    });
  }

  it('lbr reports that this machine has no branch recorder, and leaves nothing attached', async () => {
    const program = await create('lbr');
    assert.equal(
      await vscode.commands.executeCommand('bpf.compileAndAttach', program, { parameters: {} }),
      undefined,
    );
    const { state, message, attached } = newest().summary;
    assert.equal(state, 'failed');
    assert.match(message, /no last branch records/);
    assert.deepEqual(attached, []);
    assert.deepEqual(sandbox.extension.exports.sessions.live, []);
    // Nothing is known of what it would have shown: the page that was there says why.
    await shows('Histogram', ['lbr', 'no last branch records']);
  });
});

function templateNames(): string[] {
  return readdirSync(templates).filter(name => name !== 'include');
}

function manifestOf(name: string): TemplateManifest {
  return JSON.parse(readFileSync(path.join(templates, name, 'template.json'), 'utf8'));
}

/** Of the whole window, in each theme. */
async function takePictures(name: string): Promise<void> {
  await vscode.commands.executeCommand('notifications.clearAll');
  for (const [kind, theme] of Object.entries(THEMES)) {
    await useTheme(theme);
    await takePicture(`${name}-${kind}`);
  }
}

/** Resolves when VS Code has the theme. */
async function useTheme(theme: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration('workbench');
  if (settings.get('colorTheme') === theme) return;
  const changed = new Promise<void>(resolve => {
    const listening = vscode.window.onDidChangeActiveColorTheme(() => {
      listening.dispose();
      resolve();
    });
  });
  await settings.update('colorTheme', theme, vscode.ConfigurationTarget.Global);
  await changed;
}
