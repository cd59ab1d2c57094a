/** Servers by their USDT probes where they have some, by known functions where they do not. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { workFolder } from '../bench/paths';
import { trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

const usdtfix = workloadPath('usdtfix');

describe('mysqld_query', () => {
  const STATEMENTS = Array.from({ length: 5 }, (_, index) => `select ${index}`);

  it.each([
    ['USDT probes', 'usdtfix', ['mysql', '5'], 0],
    ['the function of MariaDB 10', 'w_mariadb', ['5'], 1],
    ['the function of MySQL 8', 'w_mysql8', ['5'], 2],
  ])('has every statement by %s', async (_way, workload, args, rank) => {
    const file = workloadPath(workload);
    const result = await trace({
      program: 'mysqld_query',
      parameters: { target_path: file },
      command: [file, ...args],
    });
    expect(result.commandExit).toBe(0);
    expect(result.choice.groups).toMatchObject([{ group: 'statement', rank }]);
    expect(result.events.map(event => event.query)).toEqual(STATEMENTS);
    for (const event of result.events) {
      expect(event.pid).toBe(result.pid);
      expect(Number(event.latency)).toBeGreaterThanOrEqual(10_000_000);
    }
    // The probes are enabled by their semaphore.
    if (rank === 0) expect(result.commandOutput).toBe('enabled 5 of 5\n');
    else
      expect(result.choice.groups[0]?.passedOver[0]?.lack.what).toContain(
        'has no USDT probe mysql:query__start',
      );
  });

  it('reports what a program without any of them lacks', async () => {
    const asked = trace({
      program: 'mysqld_query',
      parameters: { target_path: workloadPath('w_getpid') },
      command: ['true'],
    });
    await expect(asked).rejects.toMatchObject({
      code: 'attach-point-missing',
      message: expect.stringMatching(/no USDT probe mysql:query__start.*dispatch_command/),
    });
  });

  it('has exactly the statements a real MariaDB was sent', async () => {
    const guest = await sharedGuest();
    const folder = (await guest.sh('folder=$(mktemp -d); chown 65534:65534 $folder; echo $folder')).trim();
    const socket = `${folder}/socket`;
    // An empty data folder does: without accounts and InnoDB the server needs no tables of its own.
    const server = await guest.spawn(
      [
        '/usr/sbin/mariadbd',
        '--no-defaults',
        '--skip-grant-tables',
        '--skip-networking',
        '--skip-innodb',
        '--default-storage-engine=Aria',
        `--datadir=${folder}`,
        `--socket=${socket}`,
      ],
      { uid: 65534, gid: 65534 },
    );
    try {
      await said(server.stderr, 'ready for connections', 60_000);
      const statements = [
        'select 1',
        "select 'two words'",
        'create database trace',
        'create table trace.numbers (n int)',
        'insert into trace.numbers values (1), (2), (3)',
        'select sum(n) from trace.numbers',
        'select sleep(0.05)',
      ];
      const result = await trace({
        program: 'mysqld_query',
        parameters: { target_path: '/usr/sbin/mariadbd', target_pid: String(server.pid) },
        command: ['mariadb', '--no-defaults', `--socket=${socket}`, '-e', statements.join('; ')],
        wholeSystem: true,
      });
      expect(result.commandExit).toBe(0);
      expect(result.choice.groups).toMatchObject([{ group: 'statement', rank: 1 }]);
      expect(result.events.map(event => String(event.query).trim())).toEqual(statements);
      for (const event of result.events) expect(event.pid).toBe(server.pid);
      expect(Number(result.events.at(-1)?.latency)).toBeGreaterThanOrEqual(50_000_000);
    } finally {
      await server.kill('SIGKILL').catch(() => undefined);
      await server.exited;
    }
  });

  describe('of PostgreSQL', () => {
    const programs = postgresPrograms();
    const archive = path.join(workFolder, 'postgres.tar');
    /** nobody: PostgreSQL refuses to run as root. */
    const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

    beforeAll(async () => {
      if (!existsSync(archive)) makeDatabase(programs, archive, asNobody);
      const guest = await sharedGuest();
      await guest.sh(`mkdir -p /tmp/postgres && tar -C /tmp/postgres -xf ${archive}`, { fresh: true });
    });

    it('has every statement by its USDT probes', async () => {
      const statements = [
        'select 1',
        "select 'text'",
        'select 2 + 2',
        'begin',
        'select now()',
        'commit',
        'checkpoint',
      ];
      const guest = await sharedGuest();
      await guest.sh('cat >/tmp/statements', { input: `${statements.join('\n')}\n` });
      const postgres = `${programs}/postgres`;
      const result = await trace({
        program: 'mysqld_query',
        parameters: {
          target_path: postgres,
          start_probe: 'postgresql:query__start',
          done_probe: 'postgresql:query__done',
        },
        command: [
          'sh',
          '-c',
          `exec ${asNobody.join(' ')} ${postgres} --single -D /tmp/postgres/data postgres </tmp/statements`,
        ],
      });
      expect(result.commandExit).toBe(0);
      expect(result.events.map(event => String(event.query).trim())).toEqual(statements);
      for (const event of result.events) expect(event.pid).toBe(result.pid);
      expect(result.attached[0]).toContain('postgresql:query__start');
    });
  });
});

/** Resolves when a process has printed that text; rejects with all it printed at its end or after the time. */
async function said(output: AsyncIterable<Buffer>, text: string, timeoutMs: number): Promise<void> {
  let printed = '';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no '${text}' after ${timeoutMs} ms, but:\n${printed}`)),
      timeoutMs,
    );
  });
  const found = (async () => {
    for await (const part of output) {
      printed += part.toString();
      if (printed.includes(text)) return;
    }
    throw new Error(`no '${text}', but:\n${printed}`);
  })();
  await Promise.race([found, late]).finally(() => clearTimeout(timer));
}

/** Debian keeps each version in a folder of its own. */
function postgresPrograms(): string {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${versions[0]}/bin`;
}

/** A database cluster as one file: the guest reads it faster than a thousand small ones. */
function makeDatabase(programs: string, archive: string, asNobody: readonly string[]): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-postgres-'));
  const root = process.getuid?.() === 0;
  try {
    if (root) execFileSync('chown', ['65534:65534', folder]);
    const initdb = [
      `${programs}/initdb`,
      '-D',
      `${folder}/data`,
      '--no-locale',
      '-E',
      'UTF8',
      '--wal-segsize=1',
      '-N',
    ];
    const [command = '', ...args] = root ? [...asNobody, ...initdb] : initdb;
    execFileSync(command, args, { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('tar', [
      '--owner=65534',
      '--group=65534',
      '--numeric-owner',
      '-C',
      folder,
      '-cf',
      archive,
      'data',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('nodejs_http_server', () => {
  it('has every request by a USDT probe, its arguments as the program passed them', async () => {
    const result = await trace({
      program: 'nodejs_http_server',
      parameters: { target_path: usdtfix },
      command: [usdtfix, 'http', '5'],
    });
    expect(result.commandOutput).toBe('enabled 5 of 5\n');
    expect(result.events).toHaveLength(5);
    result.events.forEach((event, index) => {
      expect(event).toMatchObject({
        pid: result.pid,
        method: 'GET',
        url: `/path/${index}?q=1`,
        args_count: 7,
      });
      const [byte, short, int, long, , , fd] = (event.args as readonly (number | bigint)[]).map(BigInt);
      expect([byte, short, int, long, fd]).toEqual([-5n, 65535n, -1234n, 0x1122334455667788n, BigInt(index)]);
    });
  });

  it('has every request of a Node.js without probes by its parser', async () => {
    const script = `
      const http = require('node:http');
      const server = http.createServer((request, response) => response.end('ok'));
      server.listen(0, '127.0.0.1', async () => {
        for (let i = 0; i < 7; i++)
          await fetch('http://127.0.0.1:' + server.address().port + '/p/' + i + '?q=1').then(answer => answer.text());
        process.exit(0);
      });`;
    const result = await trace({
      program: 'nodejs_http_server',
      parameters: { target_path: process.execPath },
      command: [process.execPath, '-e', script],
    });
    expect(result.commandExit).toBe(0);
    expect(result.choice.groups).toMatchObject([{ group: 'request', rank: 1 }]);
    expect(result.events.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array.from({ length: 7 }, (_, index) => `GET /p/${index}?q=1`),
    );
  });

  it('works with the probes of CPython', async () => {
    const python = realpathSync('/usr/bin/python3');
    const result = await trace({
      program: 'nodejs_http_server',
      parameters: {
        target_path: python,
        target_probe: 'python:gc__start',
        text_argument: '-1',
        method_argument: '-1',
      },
      command: [python, '-c', 'import gc\nfor i in range(25): gc.collect(1)'],
    });
    expect(result.commandExit).toBe(0);
    // Others are of generation 0 and 2: the interpreter's own, most at its end.
    const asked = result.events.filter(event => (event.args as readonly (number | bigint)[])[0] === 1);
    expect(asked).toHaveLength(25);
    for (const event of result.events) expect(event).toMatchObject({ pid: result.pid, args_count: 1 });
  });
});
