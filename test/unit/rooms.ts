/** The rooms of the source, and who may import whom: enforced by layering.test.ts, printed in docs/architecture.md. */
export interface Room {
  readonly folder: string;
  /** What lives there: a cell of the table. */
  readonly holds: string;
  /** Folders and files of this repository that may be imported besides the room itself. */
  readonly rooms: readonly string[];
  /** Packages; 'node:' stands for Node's own modules. */
  readonly packages: readonly string[];
}

const room = (
  folder: string,
  holds: string,
  rooms: readonly string[] = [],
  packages: readonly string[] = [],
): Room => ({ folder, holds, rooms, packages });

/** What only a page may show; each panel is a room of its own. */
const PANEL = room('webview/<panel>', 'one page each', ['webview/common', 'src/shared'], ['echarts']);

/** A file belongs to the room with the longest folder that holds it. */
export const ROOMS: readonly Room[] = [
  room('src/shared/bytes', 'UTF-8 and copies of bytes'),
  room('src/shared/errors', "the one class of our errors: code, message, fix; the errno of the system's"),
  room('src/shared/text', 'untrusted text made harmless for lines, messages, Markdown, cells and JSON'),
  room('src/shared/c', 'C without a parser: tokens, directives, sections of programs, names in a line', [
    'src/shared/bpf',
  ]),
  room('src/shared/elf', 'ELF files, notes, kallsyms: bytes → sections, symbols, relocations', [
    'src/shared/bytes',
    'src/shared/errors',
  ]),
  room('src/shared/btf', 'BTF: bytes → types, and back', ['src/shared/bytes', 'src/shared/elf']),
  room('src/shared/dwarf', 'DWARF: the types and local variables that BTF lacks', [
    'src/shared/bytes',
    'src/shared/elf',
    'src/shared/btf',
  ]),
  room(
    'src/shared/bpf',
    'what BPF is: sections, program types, map types, helpers, kfuncs, and which of them need consent',
  ),
  room('src/shared/object', 'a BPF object: bytes → `BpfObject`; the inference of what a panel shows', [
    'src/shared/c',
    'src/shared/bytes',
    'src/shared/elf',
    'src/shared/btf',
    'src/shared/dwarf',
    'src/shared/bpf',
  ]),
  room('src/shared/decode', 'bytes + layout → events, histograms, table rows, text by meaning', [
    'src/shared/bytes',
    'src/shared/object',
    'src/shared/btf',
    'src/shared/bpf',
    'src/shared/text',
  ]),
  room(
    'src/shared/protocol',
    'one contract file per boundary: `frames` `tracer` `guest` `webview`',
    ['src/shared/bytes', 'src/shared/errors', 'src/shared/decode', 'src/shared/object', 'src/shared/bpf'],
    ['valibot', 'vscode-jsonrpc'],
  ),
  room('src/shared/verifier', 'verifier log (both dialects) → structured error', [
    'src/shared/c',
    'src/shared/object',
    'src/shared/btf',
    'src/shared/bpf',
    'src/shared/text',
  ]),
  room('src/shared/template', "`template.json`'s schema", [], ['valibot']),
  room(
    'src/shared/export',
    'object + template → files for Inspektor Gadget and ebpf_exporter',
    ['src/shared'],
    ['yaml'],
  ),
  room(
    'src/system',
    'the machine: starting programs with a minimal environment, finding them, files that others name, the cache folder',
    ['src/shared'],
    ['node:'],
  ),
  room(
    'src/templates',
    'the shipped templates: read and copied',
    ['src/system', 'src/shared'],
    ['node:', 'valibot'],
  ),
  room(
    'src/compile',
    'clang discovery, flags, `vmlinux.h` from a BTF blob, clang diagnostics, object cache',
    ['src/system', 'src/shared'],
    ['node:'],
  ),
  room(
    'src/project',
    "what a project's build files say about a program's flags, and which of them are taken; compiling with them",
    ['src/compile', 'src/system', 'src/shared'],
    ['node:', 'shell-quote', 'yaml'],
  ),
  room(
    'src/session/elevation',
    'capabilities, sudo and pkexec, the installed tracer, guarded Node',
    ['src/session/errors', 'src/system', 'src/shared'],
    ['node:', 'valibot'],
  ),
  room(
    'src/session/vm',
    'the sandbox VM: QEMU, its files, its guest agent',
    ['src/session/elevation', 'src/session/errors', 'src/system', 'src/shared'],
    ['node:', 'vscode-jsonrpc', 'valibot'],
  ),
  room(
    'src/session/targets',
    'local and VM targets, the connection to the tracer, processes and functions there',
    ['src/session/vm', 'src/session/elevation', 'src/session/errors', 'src/system', 'src/shared'],
    ['node:', 'vscode-jsonrpc', 'valibot'],
  ),
  room(
    'src/session/tracing',
    'one session: choice of programs, consent, load, attach, frames, losses',
    ['src/session/targets', 'src/session/elevation', 'src/session/errors', 'src/system', 'src/shared'],
    ['node:', 'vscode-jsonrpc', 'valibot'],
  ),
  room(
    'src/session/symbols',
    'addresses → names, for kernel and user stacks',
    ['src/session/tracing', 'src/session/targets', 'src/session/errors', 'src/system', 'src/shared'],
    ['node:'],
  ),
  room(
    'src/session/environment',
    'the environment check: what is missing, and the command that installs it',
    ['src/session', 'src/system', 'src/shared'],
    ['node:'],
  ),
  room('src/session', 'errors of the rooms below it', ['src/system', 'src/shared'], ['node:']),
  room('src/guest', 'agent inside the sandbox VM', ['src/system', 'src/shared'], ['node:', 'vscode-jsonrpc']),
  room(
    'src/tracer/common',
    "the tracer's errors, and what its sources of records and of map entries promise",
    ['src/shared'],
  ),
  room(
    'src/tracer/libbpf',
    'calls to libbpf and libc',
    ['src/tracer/common', 'src/shared'],
    ['node:', 'koffi'],
  ),
  room(
    'src/tracer',
    'the privileged process: loads, attaches, reads buffers, forwards bytes',
    ['src/shared'],
    ['node:', 'vscode-jsonrpc', 'valibot'],
  ),
  room(
    'src/server/kernel',
    "the target kernel: its types and functions, and user programs' symbols",
    ['src/compile', 'src/system', 'src/shared'],
    ['node:'],
  ),
  room(
    'src/server/helpers',
    'what programs may call and declare: helpers, kfuncs, section and map kinds',
    ['src/server/kernel', 'src/shared'],
    ['node:'],
  ),
  room(
    'src/server/source',
    'one C file and its own headers: declarations, bodies, types of expressions',
    ['src/server/helpers', 'src/server/kernel', 'src/system', 'src/shared'],
    ['node:', 'web-tree-sitter'],
  ),
  room('src/server/analysis', 'one version of a file with the target kernel: what checks and features ask', [
    'src/server/source',
    'src/server/helpers',
    'src/server/kernel',
    'src/shared',
  ]),
  room(
    'src/server/checks',
    'analysis → problems with their fixes',
    ['src/server/analysis', 'src/server/source', 'src/server/helpers', 'src/server/kernel', 'src/shared'],
    ['node:'],
  ),
  room(
    'src/server/features',
    'analysis → answers of the protocol',
    [
      'src/server/checks',
      'src/server/analysis',
      'src/server/source',
      'src/server/helpers',
      'src/server/kernel',
      'src/system',
      'src/shared',
    ],
    ['node:', 'vscode-languageserver', 'vscode-languageserver-textdocument'],
  ),
  room(
    'src/trace',
    'probes by name, what they offer, expressions over it → a program in C; shared by `bpfw trace` and the editor',
    ['src/server/helpers', 'src/server/kernel', 'src/system', 'src/shared'],
    ['node:'],
  ),
  room(
    'src/server',
    'language server for BPF C: documents, requests, settings',
    ['src/compile', 'src/project', 'src/system', 'src/shared'],
    ['node:', 'vscode-languageserver', 'vscode-languageserver-textdocument'],
  ),
  room(
    'src/host',
    'everything that imports `vscode`',
    ['src/compile', 'src/project', 'src/session', 'src/system', 'src/templates', 'src/shared'],
    ['node:', 'vscode', 'vscode-languageclient', 'valibot'],
  ),
  room(
    'src/cli',
    '`bpfw`',
    [
      'src/compile',
      'src/project',
      'src/session',
      'src/system',
      'src/templates',
      'src/trace',
      'src/shared',
      'package.json',
    ],
    ['node:', 'commander'],
  ),
  room(
    'webview/common',
    'message client, theme, toolkit module, chart base, virtual list',
    ['src/shared'],
    ['echarts', '@vscode/webview-ui-toolkit'],
  ),
  PANEL,
  room(
    'scripts',
    'set-up, start, test, package: plain Node, no build needed',
    [],
    ['node:', 'esbuild', 'playwright-core', '@vscode/test-electron', '@vscode/vsce'],
  ),
];

/** The room of a source file, by its path from the root; null for a file that is in none. */
export function roomOf(file: string): Room | null {
  const own = ROOMS.filter(each => file.startsWith(`${each.folder}/`)).sort(
    (a, b) => b.folder.length - a.folder.length,
  )[0];
  if (own) return own;
  const panel = /^webview\/[^/]+(?=\/)/.exec(file)?.[0];
  return panel ? { ...PANEL, folder: panel } : null;
}

/** The table of docs/architecture.md, in Markdown. */
export function roomsTable(): string {
  const rows = ROOMS.map(each => {
    const imports = [...each.rooms.map(name => name.replace('src/', '')), ...each.packages].join(', ');
    return `| \`${each.folder}\` | ${each.holds} | ${imports || '–'} |`;
  });
  return ['| room | what lives there | may import |', '|---|---|---|', ...rows].join('\n');
}
