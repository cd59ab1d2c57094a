/**
 * The environment of every child process: a list of the variables each kind needs, and nothing else. An inherited
 * variable can cause network access (DEBUGINFOD_URLS makes llvm-symbolizer send build ids), run code (LD_PRELOAD,
 * NODE_OPTIONS), change a tool's output (LLVM_SYMBOLIZER_OPTS) or leak secrets to a tool.
 */

/** Each variable with the reason it is passed on. A trailing `*` matches any suffix. */
type Allowed = Readonly<Record<string, string>>;

const TEXT: Allowed = {
  LANG: 'language and character set of messages',
  LANGUAGE: 'language of messages',
  'LC_*': 'language and character set of messages',
};

const WRAPPER: Allowed = {
  PATH: 'the program may be a wrapper script that runs other programs (ccache, Nix)',
  HOME: 'such wrappers keep their files there',
};

export const CHILD_ENVIRONMENTS = {
  /** clang, and pkg-config, which finds the libbpf headers. */
  compiler: {
    ...TEXT,
    ...WRAPPER,
    TMPDIR: 'temporary files',
    XDG_CACHE_HOME: 'the cache of ccache',
    LD_LIBRARY_PATH: "libraries of a clang outside the system's folders",
    CPATH: 'header folders the user added; part of the key of cached objects, as clang lists them',
    C_INCLUDE_PATH: 'the same for C only',
    PKG_CONFIG_PATH: 'where the user keeps .pc files',
    PKG_CONFIG_LIBDIR: 'the same, instead of the default folders',
    PKG_CONFIG_SYSROOT_DIR: 'the root those files are relative to',
  },
  /** Programs that convert input to output: llvm-symbolizer, llvm-cxxfilt, modprobe, depmod, xz, zstd, lz4, gzip. */
  tool: TEXT,
  /** Node.js when asked for its version, and our own scripts that it runs without privileges (ifunc-probe.js). */
  node: { ...TEXT, ...WRAPPER },
  /** dist/server.js. */
  'language-server': {
    ...TEXT,
    PATH: 'programs named without a path in SEC("uprobe/…")',
    HOME: 'the cache folder',
    XDG_CACHE_HOME: 'the cache folder',
    ELECTRON_RUN_AS_NODE: "set by the language client: the editor's executable runs as Node.js",
    ELECTRON_NO_ASAR: 'the same',
  },
  qemu: {
    ...TEXT,
    PATH: 'the program may be a wrapper script that runs other programs (Nix)',
    TMPDIR: 'temporary files',
  },
  /** setpriv and dist/tracer.js without elevation: we are root, or hold the capabilities. */
  tracer: TEXT,
  /** sudo and pkexec. The commands they run get their own minimal environment. */
  elevation: {
    ...TEXT,
    TERM: 'the prompt on a terminal',
    HOME: 'PAM modules that keep a key there (pam_u2f)',
    SSH_AUTH_SOCK: 'pam_ssh_agent_auth',
    DISPLAY: 'PAM modules and authentication agents that show a window',
    WAYLAND_DISPLAY: 'the same',
    XAUTHORITY: 'the same',
    XDG_RUNTIME_DIR: 'the same: WAYLAND_DISPLAY is relative to it',
    DBUS_SESSION_BUS_ADDRESS: 'the same: where agents are reached',
  },
} as const satisfies Readonly<Record<string, Allowed>>;

export type ChildKind = keyof typeof CHILD_ENVIRONMENTS;

export function isAllowed(kind: ChildKind, variable: string): boolean {
  return Object.keys(CHILD_ENVIRONMENTS[kind]).some(allowed =>
    allowed.endsWith('*') ? variable.startsWith(allowed.slice(0, -1)) : variable === allowed,
  );
}

/** The variables of `from` that this kind of child gets, plus `extra`, which the caller sets. */
export function childEnvironment(
  kind: ChildKind,
  extra: Readonly<Record<string, string>> = {},
  from: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const passed = Object.entries(from).flatMap(([name, value]) =>
    value !== undefined && isAllowed(kind, name) ? [[name, value] as const] : [],
  );
  return { ...Object.fromEntries(passed), ...extra };
}

/**
 * For a library that starts the child itself with a copy of our environment: the overlay that reduces that copy to the
 * same variables. Node leaves out variables that are undefined.
 */
export function environmentOverlay(
  kind: ChildKind,
  from: NodeJS.ProcessEnv = process.env,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.keys(from)
      .filter(name => !isAllowed(kind, name))
      .map(name => [name, undefined]),
  );
}
