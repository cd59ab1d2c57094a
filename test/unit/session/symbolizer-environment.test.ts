/**
 * llvm-symbolizer asks the servers of DEBUGINFOD_URLS for the debug information of stripped files, by build id: which
 * programs run on this machine would be known elsewhere. Some distributions set that variable for everybody.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FileSymbolizer } from '../../../src/session/symbols/file-symbolizer';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-buildid-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function strippedProgram(): string {
  const source = path.join(folder, 'program.c');
  const file = path.join(folder, 'program');
  writeFileSync(source, 'int main(void) { return 3; }\n');
  execFileSync('clang', ['-g', '-Wl,--build-id', '-o', file, source]);
  execFileSync('strip', [file]);
  return file;
}

/** The environment of a process that this one started, by its name. */
function environmentOfChild(name: string): string[] {
  const children = readdirSync('/proc/self/task').flatMap(task =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' '),
  );
  const pid = children.find(
    child => child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8').startsWith(name.slice(0, 15)),
  );
  if (pid === undefined) throw new Error(`${name} is not among the children`);
  return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
}

it('sends no build id to a server that the environment names', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hostile = {
    DEBUGINFOD_URLS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    DEBUGINFOD_CACHE_PATH: path.join(folder, 'cache'),
    LLVM_SYMBOLIZER_OPTS: '--output-style=GNU',
    A_SECRET: 'of another program',
  };
  const file = strippedProgram();
  try {
    // What it would do: this test can fail where LLVM is built with libcurl, as Debian's is.
    const bare = spawn('llvm-symbolizer', [], { env: { ...process.env, ...hostile }, stdio: 'pipe' });
    bare.stdin.end(`"${file}" 0x1130\n`);
    await once(bare, 'close');
    const canAsk = /curl/.test(execFileSync('ldd', ['/usr/bin/llvm-symbolizer'], { encoding: 'utf8' }));
    if (canAsk) expect(asked.splice(0)).toContainEqual(expect.stringMatching(/^\/buildid\/[0-9a-f]{16,}\//));

    Object.assign(process.env, hostile);
    const symbolizer = await FileSymbolizer.start();
    if (!symbolizer) throw new Error('there is no llvm-symbolizer: sudo apt-get install llvm');
    expect(await symbolizer.functions(file, 0x1130n)).toEqual([]);
    expect(asked).toEqual([]);
    const environment = environmentOfChild('llvm-symbolizer');
    expect(environment.map(entry => entry.split('=', 1)[0]).filter(isUnexpected)).toEqual([]);
    symbolizer.dispose();
  } finally {
    for (const name of Object.keys(hostile)) delete process.env[name];
    server.close();
  }
}, 30_000);

function isUnexpected(variable: string | undefined): boolean {
  // dash sets PWD for what it executes.
  return !/^(LANG|LANGUAGE|LC_\w+|PWD)$/.test(variable ?? '');
}
