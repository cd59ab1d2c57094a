/** Which of this machine's files are kept from the sandbox VM, whose root otherwise reads whatever the user can read. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { VmError } from './vm-error';

/** Kernel interfaces and run-time state of this machine: processes, devices, sockets, keyrings. */
export const KERNEL_FOLDERS = ['/proc', '/sys', '/dev', '/run'] as const;

/** Below a home folder: keys, tokens, browser profiles, what is stored by editors, and histories of what was typed. */
const IN_HOME = [
  ...['.ssh', '.gnupg', '.pki', '.password-store', '.local/share/keyrings', '.local/share/kwalletd'],
  ...[
    '.aws',
    '.azure',
    '.config/gcloud',
    '.oci',
    '.config/doctl',
    '.config/hcloud',
    '.config/rclone',
    '.boto',
  ],
  ...[
    '.kube',
    '.docker',
    '.config/containers',
    '.config/helm',
    '.terraform.d',
    '.terraformrc',
    '.vault-token',
  ],
  ...['.config/gh', '.config/hub', '.config/glab-cli', '.git-credentials', '.config/git/credentials'],
  ...['.netrc', '.authinfo', '.authinfo.gpg', '.npmrc', '.yarnrc.yml', '.pypirc', '.gem/credentials'],
  ...['.cargo/credentials', '.cargo/credentials.toml', '.m2/settings.xml', '.gradle/gradle.properties'],
  ...['.pgpass', '.my.cnf', '.mylogin.cnf', '.s3cfg', '.config/sops', '.config/op', '.config/keepassxc'],
  ...['.mozilla', '.thunderbird', '.config/google-chrome', '.config/chromium', '.config/BraveSoftware'],
  ...['.config/microsoft-edge', '.config/vivaldi', '.config/opera', 'snap', '.var/app'],
  ...[
    '.config/Signal',
    '.config/Slack',
    '.config/discord',
    '.claude',
    '.codex',
    '.gemini',
    '.config/github-copilot',
  ],
  ...['.Xauthority', '.ICEauthority', '.config/code-server'],
  ...[
    '.bash_history',
    '.zsh_history',
    '.python_history',
    '.node_repl_history',
    '.psql_history',
    '.mysql_history',
  ],
];

/** VS Code and what was made from it: on the desktop below ~/.config, as a server below the home folder. */
const EDITORS = [
  ...['Code', 'Code - Insiders', 'Code - OSS', 'VSCodium', 'Cursor', 'Windsurf'].map(
    name => `.config/${name}`,
  ),
  ...['.vscode-server/data', '.vscode-server-insiders/data', '.vscodium-server/data', '.cursor-server/data'],
  ...['.vscode-remote/data', '.local/share/code-server'],
];
/** Sign-ins and what extensions store; and the contents of files that were edited, saved or not. */
const IN_EDITOR = ['User/globalStorage', 'User/workspaceStorage', 'User/History', 'Backups', 'Local Storage'];

/** Of the whole machine. Others than root cannot read most of these anyway. */
const OF_MACHINE = [
  ...['/etc/shadow-', '/etc/gshadow', '/etc/gshadow-', '/etc/ssl/private', '/etc/wireguard', '/etc/openvpn'],
  ...['/etc/NetworkManager/system-connections', '/etc/ppp', '/etc/krb5.keytab', '/etc/kubernetes'],
  ...['/var/lib/kubelet', '/var/lib/docker', '/var/lib/containerd', '/var/lib/sss', '/var/spool/cron'],
];

export interface HiddenPath {
  /** Absolute, without links in it. */
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/**
 * The usual places of secrets, there or not, and `chosen` (absolute, or below the home folder as "~/…").
 * Throws VmError 'hidden-folder' for one that is neither.
 */
export async function hiddenCandidates(chosen: readonly string[]): Promise<string[]> {
  const homes = await homeFolders();
  const editors = EDITORS.flatMap(editor => IN_EDITOR.map(part => path.join(editor, part)));
  return [
    ...new Set([
      ...chosen.map(chosenPath),
      ...homes.flatMap(home => [...IN_HOME, ...editors].map(each => path.join(home, each))),
      ...OF_MACHINE,
    ]),
  ];
}

/** Those of `candidates` that exist now. */
export async function hiddenPaths(candidates: readonly string[]): Promise<HiddenPath[]> {
  const found = new Map<string, HiddenPath>();
  for (const hidden of await Promise.all(candidates.map(existingPath)))
    if (hidden) found.set(hidden.path, hidden);
  return [...found.values()];
}

function chosenPath(text: string): string {
  const absolute = path.resolve('/', text.replace(/^~(?=\/)/, homedir()));
  if (/^(~\/|\/)/.test(text) && absolute !== '/') return absolute;
  throw new VmError(
    'hidden-folder',
    `bpf.vm.hiddenFolders has '${text}', which is neither an absolute path nor one that begins with ~/.`,
  );
}

/** Root reads everybody's files, so then everybody's secrets are meant. */
async function homeFolders(): Promise<string[]> {
  const own = [homedir(), userInfo().homedir];
  if (process.getuid?.() !== 0) return own;
  const names = await readdir('/home').catch(() => []);
  return [...own, '/root', ...names.map(name => path.join('/home', name))];
}

/** Where it is, links followed; null where it is not. */
export async function existingPath(candidate: string): Promise<HiddenPath | null> {
  try {
    const real = await realpath(candidate);
    return { path: real, kind: (await stat(real)).isDirectory() ? 'folder' : 'file' };
  } catch {
    // Not there, or out of this user's reach, and with that out of the VM's.
    return null;
  }
}
