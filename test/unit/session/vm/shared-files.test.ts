/** The tree of files that QEMU is given, put together for real: by root, and by an ordinary user in a user namespace. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMounts } from '../../../../src/session/vm/mount-plan';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
let folder: string;
let script: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bpfw-share-'));
  chmodSync(folder, 0o755);
  script = path.join(folder, 'driver.mjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'share-files-driver.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Shares as `uid`, with a home folder of that user's own; `before` is run by a shell in a mount namespace of its own. */
function share(uid: number, before = '') {
  const home = mkdtempSync(path.join(folder, 'home '));
  const file = (name: string) => path.join(home, name);
  for (const name of [
    '.ssh/id',
    '.netrc',
    'chosen/secret',
    'chosen/needed/module',
    "it's open/file",
    'run/sock',
  ]) {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), name);
  }
  mkdirSync(file('elsewhere/proc'), { recursive: true });
  if (isRoot) execFileSync('mknod', ['-m', '666', file('device'), 'c', '1', '3']);
  execFileSync('chown', ['-R', String(uid), home]);
  const paths = [
    ...['/proc', '/sys', '/dev', '/run', file('elsewhere/proc')],
    ...[
      file('.ssh'),
      file('.netrc'),
      file('chosen'),
      file('chosen/needed'),
      file("it's open/file"),
      file('run'),
    ],
    '/usr/bin/env',
  ];
  const command = [process.execPath, script, file('run'), file('chosen/needed'), file('device'), ...paths];
  const env = { HOME: home, PATH: process.env.PATH };
  const output = before
    ? execFileSync('unshare', ['--mount', 'sh', '-euc', `${before}; exec "$@"`, 'sh', ...command], {
        timeout: 30_000,
        env: { ...env, WHERE: file('elsewhere/proc'), ROOT: file('root') },
      })
    : execFileSync(command[0] ?? '', command.slice(1), {
        timeout: 30_000,
        env,
        ...(isRoot ? { uid, gid: uid } : {}),
      });
  const { seen, ...rest } = JSON.parse(output.toString()) as {
    readonly notHidden: string | null;
    readonly seenLater: readonly string[];
    readonly writing: string;
    readonly device: string;
    readonly seen: Record<string, unknown>;
  };
  return { ...rest, seen: (name: string) => seen[name.startsWith('/') ? name : file(name)] };
}

function expectHidden({ notHidden, seen, seenLater, writing, device }: ReturnType<typeof share>): void {
  expect(notHidden).toBeNull();
  // Written, replaced and made again while it was shared.
  expect(seenLater).toEqual([]);
  expect(writing).toBe('EROFS');
  // What open(2) says of a device where devices are off.
  if (isRoot) expect(device).toBe('EACCES');
  for (const empty of ['/proc', '/sys', '/dev', '/run', '.ssh', 'run'])
    expect(seen(empty), empty).toEqual([]);
  expect(seen('.netrc')).toBe('');
  expect(seen('chosen')).toEqual(['needed']);
  expect(seen('chosen/needed')).toEqual(['module']);
  expect(seen("it's open/file")).toBe("it's open/file");
  expect(seen('/usr/bin/env')).not.toBeNull();
}

describe('what QEMU shares', () => {
  it('is without processes, devices and secrets, and has what the VM cannot run without', () => {
    expectHidden(share(process.getuid?.() ?? 0));
  });

  it.runIf(isRoot)('is so for an ordinary user, by a user namespace', () => {
    expectHidden(share(NOBODY));
  });

  it.runIf(isRoot)('is without the /proc of a folder with another system in it', () => {
    const shared = share(0, 'mount -t proc proc "$WHERE"');
    expectHidden(shared);
    expect(shared.seen('elsewhere/proc')).toEqual([]);
  });

  it.runIf(isRoot)('says so where mounting is forbidden', () => {
    // In a changed root no user may have a user namespace (user_namespaces(7), EPERM).
    const before =
      'mkdir "$ROOT"; mount --rbind / "$ROOT"; set -- chroot --userspec=65534:65534 "$ROOT" "$@"';
    const { notHidden } = share(NOBODY, before);
    expect(notHidden).toMatch(/unshare/);
  });
});

describe('parseMounts', () => {
  it('reads mount points with blanks, and the type after any number of optional fields', () => {
    const text = [
      '29 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw',
      '40 29 0:22 / /mnt/a\\040b\\134c rw - proc proc rw',
      '',
    ].join('\n');
    expect(parseMounts(text)).toEqual([
      { path: '/', type: 'ext4' },
      { path: '/mnt/a b\\c', type: 'proc' },
    ]);
  });
});
