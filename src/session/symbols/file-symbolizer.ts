/**
 * Names of addresses in programs and libraries: llvm-symbolizer, which reads symbol tables and debug information
 * (separate files by build id included) and demangles C++ and Rust, the latter's older mangling only with our help
 * (rust-names.ts).
 */
import { LineProcess } from './line-process';
import { readableName } from './rust-names';

interface Answer {
  readonly Symbol?: readonly { readonly FunctionName: string }[];
}

export class FileSymbolizer {
  private readonly known = new Map<string, Promise<readonly string[]>>();

  private constructor(private readonly tool: LineProcess) {}

  /** Null where there is no llvm-symbolizer: `sudo apt-get install llvm` brings one. */
  static async start(): Promise<FileSymbolizer | null> {
    const tool = await LineProcess.start('llvm-symbolizer', [
      '--output-style=JSON',
      '--demangle',
      '--inlines',
    ]);
    return tool && new FileSymbolizer(tool);
  }

  /** Functions at an address as linked, innermost (inlined) first; empty when the file does not say. */
  functions(file: string, address: bigint): Promise<readonly string[]> {
    const line = `"${file}" 0x${address.toString(16)}`;
    const known = this.known.get(line);
    if (known) return known;
    // A path with a quote would be read as something else.
    if (file.includes('"')) return Promise.resolve([]);
    const asked = this.tool.ask(line).then(functionsOf);
    this.known.set(line, asked);
    return asked;
  }

  dispose(): void {
    this.tool.dispose();
  }
}

function functionsOf(answer: string | null): readonly string[] {
  if (answer === null) return [];
  try {
    const { Symbol: symbols = [] } = JSON.parse(answer) as Answer;
    return symbols.map(symbol => readableName(symbol.FunctionName)).filter(name => name !== '');
  } catch {
    // Not an answer: nothing is made of it.
    return [];
  }
}
