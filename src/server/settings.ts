/** What a client may configure, in initializationOptions or workspace/didChangeConfiguration; all optional. */

export interface ServerSettings {
  /** A BTF file; '': this kernel's, else the sandbox VM's. */
  readonly btfPath: string;
  /** Searched for #include: the folder of bpfw.h, the workspace's own. */
  readonly includeFolders: readonly string[];
  /** Folder that contains bpf/bpf_helper_defs.h; '': where Debian and libbpf's Makefile install it. */
  readonly libbpfFolder: string;
  /** Whether a dry run of the project's make may tell where headers are: the user trusts the workspace. Default: false. */
  readonly mayRunMake: boolean;
  /** The client's command that compiles and attaches a file, for a CodeLens; '': none. */
  readonly attachCommand: string;
  /** CodeLens above programs and maps. Default: true. */
  readonly codeLens: boolean;
}

/** Keeps the valid members of whatever a client sent. */
export function readSettings(value: unknown): ServerSettings {
  const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : '');
  const folders = Array.isArray(given.includeFolders) ? given.includeFolders : [];
  return {
    btfPath: text('btfPath'),
    includeFolders: folders.filter(folder => typeof folder === 'string'),
    libbpfFolder: text('libbpfFolder'),
    mayRunMake: given.mayRunMake === true,
    attachCommand: text('attachCommand'),
    codeLens: given.codeLens !== false,
  };
}
