/** Debian packages: what is missing, and installing just that. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import { SetupError, say } from './say.mjs';

const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const aptDeadlineMs = 30 * 60_000;

/** True when a command is on PATH or in the system's folders. */
export function hasCommand(name) {
  return [...(process.env.PATH ?? '').split(':'), ...systemFolders].some(folder => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return path.isAbsolute(folder);
    } catch {
      return false;
    }
  });
}

/** Missing items (see packages.mjs). @param {import('./packages.mjs').Item[]} items */
export function missingItems(items) {
  const withoutCommand = items.filter(item => !item.commands?.some(hasCommand));
  if (withoutCommand.length === 0 || !hasCommand('dpkg-query')) return withoutCommand;
  const installed = installedPackages(withoutCommand.map(item => item.package));
  return withoutCommand.filter(item => !installed.has(item.package));
}

function installedPackages(names) {
  // Unknown names make dpkg-query exit with 1; the known ones are still printed.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status} ${Package}\n', ...names], {
    encoding: 'utf8',
  });
  return new Set((stdout ?? '').split('\n').flatMap(line => line.match(/^installed (\S+)$/)?.[1] ?? []));
}

/** Updates the package lists; needs root or sudo. Throws SetupError, with the caller's fix if given. */
export function updateLists(fix) {
  asRoot(['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', 'update'], fix);
}

/** Those of the named packages that this distribution has, or another archive selected by apt's `options`. */
export function availablePackages(names, options = []) {
  const { stdout } = spawnSync('apt-cache', [...options, 'policy', ...names], { encoding: 'utf8' });
  const candidate = /^(\S+):\n {2}Installed: .*\n {2}Candidate: (.*)$/gm;
  return new Set(
    [...(stdout ?? '').matchAll(candidate)]
      .filter(([, , version]) => version !== '(none)')
      .map(([, name]) => name),
  );
}

/** Installs packages without recommendations. Throws SetupError with the command that failed. */
export function installPackages(names, fix) {
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300'];
  asRoot(['apt-get', ...options, 'install', '--no-install-recommends', ...names], fix);
}

/** The command line as root: unchanged, or through sudo. */
function rootCommand(command) {
  if (process.getuid?.() === 0) return command;
  return canAsk() ? ['sudo', ...command] : ['sudo', '-n', ...command];
}

/** Whether sudo can ask for a password: it needs the session's terminal, which `su -c` removes. */
function canAsk() {
  if (!process.stdin.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}

/** Why this process cannot become root, as the end of a sentence; null when it can, or when sudo will ask. */
function whyNotRoot() {
  if (process.getuid?.() === 0) return null;
  if (!hasCommand('sudo')) return 'there is no sudo';
  if (canAsk()) return null;
  const { status } = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return status === 0 ? null : 'sudo cannot ask for a password without a terminal';
}

function asRoot(command, wishedFix) {
  const plain = command.filter(word => word !== '-q' && !word.startsWith('DPkg') && word !== '-o').join(' ');
  if (!hasCommand('apt-get')) {
    throw new SetupError(
      'apt-get was not found on this machine.',
      `install by other means what "${plain}" would`,
    );
  }
  const fix = wishedFix ?? `run as root: ${plain}`;
  const whyNot = whyNotRoot();
  if (whyNot) throw new SetupError(`"${plain}" needs root, and ${whyNot}.`, fix);
  const [program, ...args] = rootCommand(['env', 'DEBIAN_FRONTEND=noninteractive', ...command]);
  say(`running ${plain}`);
  const result = spawnSync(program, args, {
    stdio: [process.stdin.isTTY ? 'inherit' : 'ignore', 2, 2],
    timeout: aptDeadlineMs,
  });
  if (result.status === 0) return;
  const why =
    result.error?.message ?? (result.signal ? `signal ${result.signal}` : `exit code ${result.status}`);
  throw new SetupError(`"${plain}" failed (${why}); its output is above.`, fix);
}

/** dpkg's name of this machine's architecture ("amd64"). Throws SetupError where there is no dpkg. */
export function debianArchitecture() {
  try {
    return execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  } catch (error) {
    throw new SetupError(`dpkg --print-architecture failed: ${error.message}`, 'use Debian or Ubuntu');
  }
}
