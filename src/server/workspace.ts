/** Everything the server keeps between requests. */
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { defaultCacheFolder } from '../system/cache-files';
import { Analysis } from './analysis/analysis';
import { type Helper, readHelperDefs } from './helpers/helper-defs';
import { TargetKernel } from './kernel/target-kernel';
import type { Projects } from './projects';
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
  /** Of programs whose project has folders of its own, by those folders. */
  private readonly projectHeaders = new Map<string, Headers>();
  private helperDefs: ReadonlyMap<string, Helper> | null = null;
  private readonly analyses = new Map<string, Analysis>();
  private readonly items = new Map<string, ItemCache>();

  /** `parserFolder` holds the .wasm files; `projects` knows where the headers of programs are; `say` reports what went wrong with the kernel's types, `onKernelRead` that more has become known of its functions. */
  constructor(
    readonly settings: ServerSettings,
    parserFolder: string,
    private readonly projects: Projects,
    say: (message: string) => void,
    onKernelRead: () => void,
  ) {
    this.parser = SyntaxParser.load(parserFolder);
    this.parser.catch(error => say(`the parser cannot be loaded: ${error}`));
    this.headers = new Headers(settings.includeFolders);
    this.kernel = TargetKernel.open({ btfPath: settings.btfPath, cacheFolder: defaultCacheFolder() }).then(
      kernel => {
        kernel?.types.prepare();
        if (kernel) kernel.onModulesRead = onKernelRead;
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
    const headers = this.headersOf(document.uri);
    const source = new ProgramSource(
      document.uri,
      document.version,
      document.getText(),
      parser,
      headers,
      this.itemsOf(document.uri),
    );
    this.helperDefs ??= readHelperDefs(
      [this.settings.libbpfFolder, ...LIBBPF_FOLDERS].filter(folder => folder !== ''),
    );
    const analysis = new Analysis(source, kernel, this.helperDefs, headers);
    this.analyses.set(document.uri, analysis);
    return analysis;
  }

  private headersOf(uri: string): Headers {
    const folders = this.projects.foldersOf(uri);
    if (folders.length === 0) return this.headers;
    const key = folders.join('\n');
    const known = this.projectHeaders.get(key) ?? new Headers([...folders, ...this.settings.includeFolders]);
    this.projectHeaders.set(key, known);
    return known;
  }

  private itemsOf(uri: string): ItemCache {
    const known = this.items.get(uri) ?? new ItemCache();
    this.items.set(uri, known);
    return known;
  }

  /** The analysis of the document is made anew: the folders of its headers have become known. */
  refresh(uri: string): void {
    this.analyses.delete(uri);
  }

  forget(uri: string): void {
    this.projects.forget(uri);
    this.items.delete(uri);
    this.analyses.delete(uri);
  }
}
