/** Every log that a kernel wrote is explained the same in whatever a loader, a logger or a paste puts around its lines. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/verifier');
const read = (file: string) => readFileSync(path.join(fixtures, file), 'utf8');
/** Others are libbpf's messages alone. */
const logs = ['6.1', '6.12', '7.3']
  .flatMap(folder => readdirSync(path.join(fixtures, folder)).map(file => `${folder}/${file}`))
  .filter(file => /^\d+: \([0-9a-f]{2}\) |^processed \d/m.test(read(file)));

const lines = (text: string, change: (line: string, index: number) => string) =>
  text.trimEnd().split('\n').map(change).join('\n');

const WRAPPINGS: Readonly<Record<string, (log: string) => string>> = {
  'time stamps': log => lines(log, (line, at) => `2024-03-05T10:11:12.${100 + at}Z INFO loader: ${line}`),
  'a container’s name': log =>
    `agent-1  | starting\n${lines(log, line => `agent-1  | ${line}`)}\nagent-1 exited`,
  journalctl: log => lines(log, line => `Mar  5 10:11:12 host agent[1234]: ${line}`),
  'a quotation': log => `Hello\n> \`\`\`\n${lines(log, line => `> ${line}`)}\n> \`\`\`\nThanks`,
  indentation: log => lines(log, line => `        ${line}`),
  'line ends of Windows': log => log.replace(/\n/g, '\r\n'),
  'JSON of the whole log': log =>
    JSON.stringify({
      level: 'error',
      error: `load program: permission denied:\n\t${log.replace(/\n/g, '\n\t')}`,
    }),
  'JSON lines': log => lines(log, line => JSON.stringify({ ts: 1, level: 'warn', msg: line })),
  logfmt: log => lines(log, line => `time=10:11:12 level=warn msg=${JSON.stringify(line)} subsys=loader`),
  'Rust’s {:?}': log => `Err(LoadError { verifier_log: VerifierLog(${JSON.stringify(log)}) })`,
  aya: log =>
    `   Compiling x v0.1.0\nError: the BPF_PROG_LOAD syscall failed. Verifier output: ${log}\n\nCaused by:\n    Permission denied (os error 13)`,
  'ebpf-go’s %+v': log =>
    `panic: program p: load program: permission denied:\n\t(3 line(s) omitted)\n${lines(log, line => `\t${line}`)}\n\ngoroutine 1 [running]:`,
  libbpf: log =>
    `libbpf: prog 'p': BPF program load failed: Permission denied\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n${log}\n-- END PROG LOAD LOG --\nlibbpf: prog 'p': failed to load: -13`,
  bcc: log =>
    `bpf: Failed to load program: Permission denied\n${log}\n\nTraceback (most recent call last):\n  File "x.py", line 3, in <module>\nException: Failed to load BPF program b'p': Permission denied`,
  'a build and a shell': log =>
    `make: Entering directory '/src'\n  CC       callback.o\n$ sudo ./x\n${log}\nmake: *** [Makefile:3: run] Error 1\n$ `,
};

/** Without the program's name, which some wrappings tell. */
const explained = (text: string) =>
  explainLog(text).map(({ diagnostics, statistics }) => ({
    diagnostics: diagnostics.map(({ code, line, message, sentence, related }) => ({
      code,
      line,
      message,
      sentence,
      related,
    })),
    instructions: statistics?.processedInstructions,
  }));

describe('a recorded log', () => {
  it('is one of many', () => {
    expect(logs.length).toBeGreaterThan(70);
  });

  it.each(Object.entries(WRAPPINGS))('in %s', (_name, wrap) => {
    for (const file of logs) {
      const log = read(file);
      expect(explained(wrap(log)), file).toEqual(explained(log));
    }
  });
});
