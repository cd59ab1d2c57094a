/**
 * Names of addresses in programs and libraries, from llvm-symbolizer, which reads symbol tables and debug information
 * (also separate files by build id) and demangles C++ and Rust; rust-names.ts completes Rust's legacy mangling.
 *
 * It opens the file itself, and files that the file refers to (.gnu_debuglink): both are untrusted input from a traced
 * process. So it runs with limits (line-process.ts), and a file on which it failed twice is not used again.
 */
import { BoundedMap } from '../../system/bounded-map';
import { LineProcess, type LineProcessOptions } from './line-process';
import { readableName } from './rust-names';

interface Answer {
  readonly Symbol?: readonly { readonly FunctionName: string }[];
}

/** Size of the cache of queries and names, in UTF-16 units. */
const KEPT_CHARACTERS = 16 << 20;
const LOSSES_KEPT = 1024;
const LOSSES_PER_FILE = 2;
/** After this many starts symbolization is given up: something makes the tool fail repeatedly. */
const MOST_STARTS = 16;

export class FileSymbolizer {
  private readonly known = new BoundedMap<string, Promise<readonly string[]>>(KEPT_CHARACTERS);
  private readonly losses = new BoundedMap<string, number>(LOSSES_KEPT);
  private starts = 1;

  private constructor(
    private tool: Promise<LineProcess | null>,
    private readonly options: Pick<LineProcessOptions, 'deadlineMs'>,
  ) {}

  /** Null when llvm-symbolizer is not installed: `sudo apt-get install llvm`. */
  static async start(options: Pick<LineProcessOptions, 'deadlineMs'> = {}): Promise<FileSymbolizer | null> {
    const lost: { tell?: (line: string) => void } = {};
    const tool = await startTool(options, line => lost.tell?.(line));
    if (!tool) return null;
    const symbolizer = new FileSymbolizer(Promise.resolve(tool), options);
    lost.tell = line => symbolizer.countLoss(line);
    return symbolizer;
  }

  /** Functions at an address as linked, innermost (inlined) first; empty when unknown. */
  functions(file: string, address: bigint): Promise<readonly string[]> {
    const line = `"${file}" 0x${address.toString(16)}`;
    const known = this.known.get(line);
    if (known) return known;
    // llvm-symbolizer would misread a path with a quote.
    if (file.includes('"')) return Promise.resolve([]);
    const asked: Promise<readonly string[]> = this.ask(file, line).then(answer => {
      if (answer === null) this.known.delete(line);
      else this.known.set(line, asked, line.length + answer.length);
      return functionsOf(answer);
    });
    this.known.set(line, asked, line.length);
    return asked;
  }

  dispose(): void {
    this.starts = MOST_STARTS;
    void this.tool.then(tool => tool?.dispose());
  }

  private async ask(file: string, line: string): Promise<string | null> {
    while ((this.losses.get(file) ?? 0) < LOSSES_PER_FILE) {
      const tool = await this.liveTool();
      if (!tool?.isAlive) return null;
      const answer = await tool.ask(line);
      // Null from a running tool: it refused the query. From one that exited: perhaps another file caused that.
      if (answer !== null || tool.isAlive) return answer;
    }
    return null;
  }

  private async liveTool(): Promise<LineProcess | null> {
    const asked = this.tool;
    const tool = await asked;
    if (tool?.isAlive || this.starts >= MOST_STARTS) return tool;
    // The first of several concurrent callers restarts it.
    if (this.tool === asked) {
      this.starts++;
      this.tool = startTool(this.options, line => this.countLoss(line));
    }
    return this.tool;
  }

  private countLoss(line: string): void {
    const file = line.slice(1, line.lastIndexOf('"'));
    this.losses.set(file, (this.losses.get(file) ?? 0) + 1);
  }
}

function startTool(
  options: Pick<LineProcessOptions, 'deadlineMs'>,
  onLost: (line: string) => void,
): Promise<LineProcess | null> {
  const args = ['--output-style=JSON', '--demangle', '--inlines'];
  return LineProcess.start('llvm-symbolizer', args, { ...options, onLost });
}

function functionsOf(answer: string | null): readonly string[] {
  if (answer === null) return [];
  try {
    const { Symbol: symbols = [] } = JSON.parse(answer) as Answer;
    return symbols.map(symbol => readableName(symbol.FunctionName)).filter(name => name !== '');
  } catch {
    // Not a valid answer: ignore it.
    return [];
  }
}
