/** The flags of the project that an open program is in: the folders where its headers are. */
import { fileURLToPath } from 'node:url';
import { includeFoldersOf } from '../project/flag-words';
import { FLAG_SOURCES } from '../project/model';
import { type GivenFlags, projectFlags, type WantedSource } from '../project/project-flags';
import { defaultCacheFolder } from '../system/cache-files';

/** What the client has configured for a file (bpf.includePaths …); unknown values where it has nothing. */
export type AskSettings = (uri: string) => Promise<unknown>;

export class Projects {
  private readonly known = new Map<string, readonly string[]>();
  private readonly running = new Set<string>();

  /** `found` is called when a program's folders are known or have changed. */
  constructor(
    private readonly mayRunMake: boolean,
    private readonly ask: AskSettings,
    private readonly found: (uri: string) => void,
  ) {}

  /** The folders that are known now. Finding them takes a while, so that nothing waits for it. */
  foldersOf(uri: string): readonly string[] {
    const folders = this.known.get(uri);
    if (folders === undefined && !this.running.has(uri)) void this.find(uri);
    return folders ?? [];
  }

  /** They are looked for again when they are asked for. */
  forget(uri: string): void {
    this.known.delete(uri);
  }

  private async find(uri: string): Promise<void> {
    this.running.add(uri);
    const folders = await this.read(uri).catch(() => []);
    this.running.delete(uri);
    this.known.set(uri, folders);
    if (folders.length > 0) this.found(uri);
  }

  private async read(uri: string): Promise<readonly string[]> {
    if (!uri.startsWith('file:')) return [];
    const source = fileURLToPath(uri);
    const { given, wanted } = readFlagSettings(await this.ask(uri));
    const { flags } = await projectFlags({
      ...{ source, wanted, given, mayRunMake: this.mayRunMake, cacheFolder: defaultCacheFolder() },
    });
    return includeFoldersOf(flags);
  }
}

/** The valid members of what a client answered. `folder`: the program's workspace folder, as the client names it. */
function readFlagSettings(value: unknown): { given: GivenFlags; wanted: WantedSource } {
  const record =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const texts = (name: string) => {
    const list = record[name];
    return Array.isArray(list) ? list.filter(one => typeof one === 'string') : [];
  };
  return {
    given: {
      includePaths: texts('includePaths'),
      defines: texts('defines'),
      compileFlags: texts('compileFlags'),
      folder: typeof record.folder === 'string' ? record.folder : '/',
    },
    wanted: (['none', ...FLAG_SOURCES] as const).find(source => source === record.flagsFrom) ?? 'auto',
  };
}
