import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';

// Plain Node scripts without declarations: what is tested is named here.
interface Kernel {
  imageDependency(depends: string): string | null;
}
interface NodeModules {
  isUpToDate(wanted: string, installed: string): boolean;
}
const load = async <T>(name: string): Promise<T> => (await import(`../../scripts/setup/${name}.mjs`)) as T;

describe('set-up', () => {
  it.each([
    ['linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64\n', 'linux-image-6.1.0-56-amd64'],
    [
      'linux-image-generic\n  Depends: linux-image-6.8.0-40-generic\n  Depends: linux-modules-extra-6.8.0-40-generic\n  Depends: linux-firmware\n',
      'linux-image-6.8.0-40-generic',
    ],
    ['linux-image-amd64\n |Depends: linux-image-6.12.9-amd64\n', 'linux-image-6.12.9-amd64'],
    ['linux-image-generic\n  Depends: <linux-image-hwe>\n', null],
    ['', null],
  ])('finds the kernel image that a meta package stands for: %j', async (depends, image) => {
    expect((await load<Kernel>('kernel')).imageDependency(depends)).toBe(image);
  });

  it('takes node_modules as they are only when they are those of package-lock.json', async () => {
    const { isUpToDate } = await load<NodeModules>('node-modules');
    const lock = (packages: object): string => JSON.stringify({ packages });
    const a = { version: '1.0.0', integrity: 'sha512-a' };
    const wanted = {
      '': { name: 'root' },
      'node_modules/a': a,
      'node_modules/mac': { ...a, optional: true },
    };
    expect(isUpToDate(lock(wanted), lock({ 'node_modules/a': a }))).toBe(true);
    expect(isUpToDate(lock(wanted), lock({ 'node_modules/a': { ...a, version: '1.0.1' } }))).toBe(false);
    expect(isUpToDate(lock(wanted), lock({}))).toBe(false);
  });

  it("builds VS Code's addons although npm hands our ignore-scripts down to it", async () => {
    const { npmEnvironment } = await import('../../scripts/lib/vscode-install.mjs');
    const ask = (environment: Record<string, string>) =>
      execFileSync('npm', ['config', 'get', 'ignore-scripts'], {
        cwd: tmpdir(),
        env: { ...process.env, npm_config_ignore_scripts: 'true', ...environment },
        encoding: 'utf8',
      }).trim();
    expect(ask({})).toBe('true');
    expect(ask(npmEnvironment(process.execPath))).toBe('false');
  });
});
