/**
 * Every command of bpfw meets text that drives terminals: in an object's names, a log, a source, file names, what processes
 * call themselves. Nothing but text, line ends and tabs may come out, and JSON must say exactly what it read.
 */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { reportFailure } from '../../../src/cli/print/exit';
import { terminalProgress } from '../../../src/cli/print/progress';
import { jsonOutput } from '../../../src/cli/print/run-json';
import type { RunOutput } from '../../../src/cli/print/run-output';
import { textOutput } from '../../../src/cli/print/run-text';
import { program } from '../../../src/cli/program';
import { terminalUi } from '../../../src/cli/workplace/elevation-prompt';
import { SessionError } from '../../../src/session/errors';
import type { FieldValue } from '../../../src/shared/decode/model';
import type { BpfObject, MapDefinition, RecordLayout } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { plainField } from '../plain-field';
import { plainHistogram } from '../plain-histogram';
import { TERMINAL_ATTACK as ATTACK, hostileObject, hostileSource } from '../text/hostile';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-hostile-text-'));
/** A slash would make folders of the name; the rest is as hostile as a file's name can be. */
const named = (name: string) => path.join(folder, `${ATTACK.replaceAll('/', '')}${name}`);
const objectFile = named('.bpf.o');
const bytes = hostileObject(ATTACK);
writeFileSync(objectFile, bytes);
const object: BpfObject = readObject(bytes, path.basename(objectFile));
/** Without the line end: clang prints a file's name as it is, in lines of its own. */
const sourceFile = named('.bpf.c').replaceAll('\n', ' ');
writeFileSync(
  sourceFile,
  `${hostileSource(ATTACK)}\n#error "${ATTACK.replaceAll('\n', ' ')}"\nint ${ATTACK.replaceAll('\n', ' ')};\n`,
);
const plainFile = path.join(folder, 'plain.bpf.c');
copyFileSync(sourceFile, plainFile);
const line = ATTACK.replaceAll('\n', ' ');
const logFile = named('.log');
writeFileSync(
  logFile,
  `libbpf: prog '${line}': BPF program load failed: Permission denied
libbpf: prog '${line}': -- BEGIN PROG LOAD LOG --
0: R1=ctx(off=0,imm=0) R10=fp0
; ${line}*calls += 1; @ ${line}.c:7
0: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null${line}'
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
`,
);
afterAll(() => rmSync(folder, { recursive: true }));

/** What came out of stdout and stderr, as it went to the terminal. */
const written = { stdout: '', stderr: '' };
for (const stream of ['stdout', 'stderr'] as const) {
  vi.spyOn(process[stream], 'write').mockImplementation(text => {
    written[stream] += typeof text === 'string' ? text : Buffer.from(text).toString();
    return true;
  });
}
afterEach(() => {
  Object.assign(written, { stdout: '', stderr: '' });
});

/** As main.ts does it. */
async function bpfw(...args: string[]): Promise<void> {
  try {
    await program().parseAsync(['node', 'bpfw', ...args]);
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) reportFailure(error);
  }
}

/** Nothing that a terminal obeys, nothing invisible, and the attack's second line nowhere a line of its own. */
function expectHarmless(...visible: readonly string[]): void {
  const all = written.stdout + written.stderr;
  expect(all).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(all).not.toMatch(/^bpfw: all is well/m);
  for (const text of visible) expect(all).toContain(text);
}

describe('text that drives terminals', () => {
  it('is in the object', () => {
    expect(object.programs[0]?.name).toContain(ATTACK);
    expect(object.programs[0]?.section).toContain(ATTACK);
    expect(object.maps.map(map => map.name)).toEqual([
      expect.stringContaining(ATTACK),
      expect.stringContaining(ATTACK),
    ]);
    expect(object.maps[0]?.label).toBe(ATTACK);
  });

  it('is shown by bpfw inspect', async () => {
    await bpfw('inspect', objectFile);
    expectHarmless('kprobe/\\e]52;c;cm0gLXJm\\x07', '\\x9b1A\\r\\x08\\x7f\\x85\\u{202e}');
    // Two tables and the line above: the names did not make lines.
    expect(written.stdout.split('\n').filter(row => row.includes('all is well'))).toHaveLength(5);
  });

  it('is exact in the JSON of bpfw inspect', async () => {
    await bpfw('inspect', objectFile, '--json');
    expectHarmless();
    const shown = JSON.parse(written.stdout);
    expect(shown.programs[0].name).toBe(object.programs[0]?.name);
    expect(shown.maps[0].label).toBe(ATTACK);
    expect(shown.name).toBe(path.basename(objectFile));
  });

  it.each([[[]], [['--json']]])('is shown by bpfw explain %s', async flags => {
    await bpfw('explain', logFile, '--source', sourceFile, '--object', objectFile, ...flags);
    expect(written.stdout).toContain('all is well');
    expectHarmless();
    if (flags.length > 0) expect(JSON.parse(written.stdout).program).toBe(line);
  });

  it.each([[[]], [['--json']]])('is shown by bpfw build %s, where clang quotes a source', async flags => {
    await bpfw('build', plainFile, '--target', 'local', ...flags);
    expectHarmless('error', 'owned');
    if (flags.length === 0) return;
    const [first] = written.stdout
      .trimEnd()
      .split('\n')
      .map(each => JSON.parse(each));
    // clang leaves the control characters out itself.
    expect(first.message).toContain(']52;c;cm0gLXJm');
  });

  it('is shown by bpfw build, where it is the file’s name', async () => {
    await bpfw('build', sourceFile, '--target', 'local');
    expectHarmless('error: ', 'does not compile');
  });

  it('is shown in errors of every command, and of the command line itself', async () => {
    const missing = named('.missing');
    await bpfw('inspect', `${missing}.o`);
    await bpfw('explain', `${missing}.log`);
    await bpfw('build', `${missing}.bpf.c`);
    await bpfw('verify', `${missing}.bpf.o`, '--target', 'local');
    await bpfw('run', `${missing}.bpf.o`, '--target', 'local');
    await bpfw('run', 'none', '--target', ATTACK);
    await bpfw('run', 'none', '-p', ATTACK);
    await bpfw('run', 'none', '--for', ATTACK);
    await bpfw('new', ATTACK);
    await bpfw('doctor', '--target', ATTACK);
    await bpfw(`--${ATTACK}`);
    await bpfw(ATTACK);
    reportFailure(new Error(ATTACK));
    reportFailure(new SessionError('tracer-failed', ATTACK, { text: `fix ${ATTACK}` }));
    expect(written.stderr.match(/cm0gLXJm/g)?.length).toBeGreaterThan(13);
    expectHarmless();
  });

  it('is shown in steps, and in what is asked before elevation', async () => {
    const wasTerminal = process.stderr.isTTY;
    process.stderr.isTTY = true;
    try {
      const progress = terminalProgress();
      progress(`Compiling ${ATTACK}`);
      progress.done();
    } finally {
      process.stderr.isTTY = wasTerminal;
    }
    expect(written.stderr.replaceAll('\r\u001b[K', '')).toMatch(/^Compiling \\e]52.*…$/);
    written.stderr = '';
    const ui = terminalUi();
    await ui.consent({
      way: 'sudo-terminal',
      capabilities: [{ capability: 'bpf', why: ATTACK }],
      objectName: ATTACK,
    });
    ui.tell?.(`[sudo] password for ${ATTACK.replaceAll('\n', ' ')}: `);
    expectHarmless('[sudo] password for');
  });

  const outputs: [string, () => RunOutput][] = [
    ['text', () => textOutput([ATTACK, 'other'])],
    ['JSON', jsonOutput],
  ];
  it.each(outputs)('is shown by bpfw run as %s', (format, make) => {
    const output = make();
    const comm: RecordLayout = {
      typeName: ATTACK,
      size: 64,
      fields: [
        plainField('comm', { storage: 'text', size: 64, label: ATTACK }),
        plainField('stack', { storage: 'array', size: 64, meaning: 'ksym', elementStorage: 'u64' }),
      ],
    };
    const data: Record<string, FieldValue> = { comm: ATTACK, stack: [1n] };
    const key = { comm: ATTACK };
    const table: MapDefinition = {
      ...(object.maps[1] as MapDefinition),
      view: { kind: 'table', key: comm, value: comm },
    };
    output.attached(
      [{ name: ATTACK, section: ATTACK, attach: ATTACK }],
      { compile: 0, open: 0, load: 0, attach: 0 },
      [{ program: ATTACK, section: ATTACK, because: 'missing', why: ATTACK, unfilled: [ATTACK] }],
    );
    output.event(ATTACK, comm, data, new Map([['stack', [ATTACK]]]));
    output.event(ATTACK, null, { bytes: new TextEncoder().encode(ATTACK) }, new Map());
    output.printk(ATTACK.replaceAll('\n', ' '));
    output.histogram(
      plainHistogram([{ min: 1n, max: 2n, count: 1 }], { map: ATTACK, label: ATTACK, unit: ATTACK, key }),
      comm,
    );
    output.map(table, [{ key: data, value: data }]);
    output.stacks(table, [{ key, frames: [ATTACK], value: { count: 1 } }]);
    output.end('time', null);
    expectHarmless();
    expect(written.stdout.match(/cm0gLXJm/g)?.length).toBeGreaterThan(8);
    if (format === 'JSON')
      expect(
        written.stdout
          .trimEnd()
          .split('\n')
          .map(each => JSON.parse(each)),
      ).toContainEqual(
        expect.objectContaining({
          type: 'event',
          stream: ATTACK,
          data: expect.objectContaining({ comm: ATTACK, stack: [ATTACK] }),
        }),
      );
  });
});
