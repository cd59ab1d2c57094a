/** Everything the server keeps between requests. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { defaultCacheFolder } from '../system/cache-files';
import { Analysis } from './analysis/analysis';
import { type Helper, readHelperDefs } from './helpers/helper-defs';
import { TargetKernel } from './kernel/target-kernel';
import type { ServerSettings } from './settings';
import { Headers } from './source/headers';
import { ProgramSource } from './source/program-source';
import { ItemCache } from './source/read-source';
import { SyntaxParser } from './source/syntax';

const LIBBPF_FOLDERS = ['/usr/include', '/usr/local/include'];

export class Workspace {
  private readonly parser: Promise<SyntaxParser>;
  private readonly kernel: Promise<TargetKernel | null>;
  readonly headers: Headers;
  private helperDefs: ReadonlyMap<string, Helper> | null = null;
  private readonly analyses = new Map<string, Analysis>();
  private readonly items = new Map<string, ItemCache>();

  /** `parserFolder` holds the .wasm files; `say` reports what went wrong with the kernel's types. */
  constructor(
    readonly settings: ServerSettings,
    parserFolder: string,
    say: (message: string) => void,
  ) {
    this.parser = SyntaxParser.load(parserFolder);
    this.parser.catch(error => say(`the parser cannot be loaded: ${error}`));
    this.headers = new Headers(settings.includeFolders);
    this.kernel = TargetKernel.open({ btfPath: settings.btfPath, cacheFolder: defaultCacheFolder() }).then(
      kernel => {
        kernel?.types.prepare();
        // After the requests that are already waiting.
        if (kernel) setImmediate(() => kernel.prepareFunctions());
        say(
          kernel
            ? `kernel types from ${kernel.btfPath}`
            : 'no kernel types (BTF) on this machine: attach points are not checked',
        );
        return kernel;
      },
      error => {
        say(
          `kernel types cannot be read from ${settings.btfPath || 'this kernel'}: ${error instanceof Error ? error.message : error}`,
        );
        return null;
      },
    );
  }

  /** The analysis of a document's current version. Rejects if the parser cannot be loaded. */
  async analyse(document: TextDocument): Promise<Analysis> {
    const [parser, kernel] = await Promise.all([this.parser, this.kernel]);
    const known = this.analyses.get(document.uri);
    if (known && known.source.version === document.version) return known;
    const source = new ProgramSource(
      document.uri,
      document.version,
      document.getText(),
      parser,
      this.headers,
      this.itemsOf(document.uri),
    );
    this.helperDefs ??= readHelperDefs(
      [this.settings.libbpfFolder, ...LIBBPF_FOLDERS].filter(folder => folder !== ''),
    );
    const analysis = new Analysis(source, kernel, this.helperDefs, this.headers);
    this.analyses.set(document.uri, analysis);
    return analysis;
  }

  private itemsOf(uri: string): ItemCache {
    const known = this.items.get(uri) ?? new ItemCache();
    this.items.set(uri, known);
    return known;
  }

  forget(uri: string): void {
    this.items.delete(uri);
    this.analyses.delete(uri);
  }
}
