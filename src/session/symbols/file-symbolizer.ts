/**
 * Names of addresses in programs and libraries: llvm-symbolizer, which reads symbol tables and debug information
 * (separate files by build id included) and demangles C++ and Rust, the latter's older mangling only with our help
 * (rust-names.ts). One process, asked line by line; runs without privileges.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { readableName } from './rust-names';

interface Answer {
  readonly Symbol?: readonly { readonly FunctionName: string }[];
}

/** The newest first; JSON output needs LLVM 13. */
const VERSIONS = Array.from({ length: 10 }, (_, index) => 22 - index);

export class FileSymbolizer {
  private readonly waiting: ((functions: readonly string[]) => void)[] = [];
  private readonly known = new Map<string, Promise<readonly string[]>>();

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    child.stderr.resume();
    child.stdin.on('error', () => this.answerRest());
    child.once('error', () => this.answerRest());
    child.once('close', () => this.answerRest());
    createInterface({ input: child.stdout }).on('line', line => this.waiting.shift()?.(functionsOf(line)));
  }

  /** Null where there is no llvm-symbolizer: `sudo apt-get install llvm` brings one. */
  static async start(): Promise<FileSymbolizer | null> {
    const path = await findSymbolizer();
    if (!path) return null;
    return new FileSymbolizer(
      spawn(path, ['--output-style=JSON', '--demangle', '--inlines'], { stdio: 'pipe' }),
    );
  }

  /** Functions at an address as linked, innermost (inlined) first; empty when the file does not say. */
  functions(file: string, address: bigint): Promise<readonly string[]> {
    const line = `"${file}" 0x${address.toString(16)}`;
    const known = this.known.get(line);
    if (known) return known;
    // A path with a quote or a line break would be read as something else.
    if (/["\n]/.test(file) || this.child.exitCode !== null) return Promise.resolve([]);
    const asked = new Promise<readonly string[]>(resolve => this.waiting.push(resolve));
    this.child.stdin.write(`${line}\n`);
    this.known.set(line, asked);
    return asked;
  }

  dispose(): void {
    this.child.stdin.end();
    this.child.kill();
  }

  private answerRest(): void {
    for (const answer of this.waiting.splice(0)) answer([]);
  }
}

function functionsOf(line: string): readonly string[] {
  try {
    const { Symbol: symbols = [] } = JSON.parse(line) as Answer;
    return symbols.map(symbol => readableName(symbol.FunctionName)).filter(name => name !== '');
  } catch {
    // Not an answer: nothing is made of it.
    return [];
  }
}

async function findSymbolizer(): Promise<string | null> {
  const names = [
    '/usr/bin/llvm-symbolizer',
    ...VERSIONS.map(version => `/usr/bin/llvm-symbolizer-${version}`),
    '/usr/local/bin/llvm-symbolizer',
  ];
  for (const name of names) {
    try {
      await access(name, constants.X_OK);
      return name;
    } catch {
      // Not this one.
    }
  }
  return null;
}
