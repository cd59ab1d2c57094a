/** The files hidden from the sandbox VM, whose root could otherwise read every file that the user can read. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { VmError } from './vm-error';

/** Kernel interfaces and run-time state of the host: processes, devices, sockets, keyrings. */
export const KERNEL_FOLDERS = ['/proc', '/sys', '/dev', '/run'] as const;

/** Below a home folder: keys, tokens, browser profiles, editors' storage, and command histories. */
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

/** VS Code and its derivatives: desktop versions below ~/.config, servers below the home folder. */
const EDITORS = [
  ...['Code', 'Code - Insiders', 'Code - OSS', 'VSCodium', 'Cursor', 'Windsurf'].map(
    name => `.config/${name}`,
  ),
  ...['.vscode-server/data', '.vscode-server-insiders/data', '.vscodium-server/data', '.cursor-server/data'],
  ...['.vscode-remote/data', '.local/share/code-server'],
];
/** Sign-ins and extensions' storage, and the contents of edited files, saved or not. */
const IN_EDITOR = ['User/globalStorage', 'User/workspaceStorage', 'User/History', 'Backups', 'Local Storage'];

/** System-wide paths. Users other than root cannot read most of these anyway. */
const OF_MACHINE = [
  ...['/etc/shadow-', '/etc/gshadow', '/etc/gshadow-', '/etc/ssl/private', '/etc/wireguard', '/etc/openvpn'],
  ...['/etc/NetworkManager/system-connections', '/etc/ppp', '/etc/krb5.keytab', '/etc/kubernetes'],
  ...['/var/lib/kubelet', '/var/lib/docker', '/var/lib/containerd', '/var/lib/sss', '/var/spool/cron'],
];

export interface HiddenPath {
  /** Absolute, with symbolic links resolved. */
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/**
 * The usual locations of secrets, whether they exist or not, and `chosen` (absolute, or below the home folder as "~/…").
 * Throws VmError 'hidden-folder' for a path that is neither.
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

/** The existing paths among `candidates`. */
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
    `bpf.vm.hiddenFolders contains '${text}', which is not an absolute path and does not begin with ~/.`,
  );
}

/** All home folders for root, who can read everybody's files. */
async function homeFolders(): Promise<string[]> {
  const own = [homedir(), userInfo().homedir];
  if (process.getuid?.() !== 0) return own;
  const names = await readdir('/home').catch(() => []);
  return [...own, '/root', ...names.map(name => path.join('/home', name))];
}

/** The path with symbolic links resolved; null when it does not exist. */
export async function existingPath(candidate: string): Promise<HiddenPath | null> {
  try {
    const real = await realpath(candidate);
    return { path: real, kind: (await stat(real)).isDirectory() ? 'folder' : 'file' };
  } catch {
    // Missing, or not accessible to this user and so not to the VM.
    return null;
  }
}
