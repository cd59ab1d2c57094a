/**
 * What loaders print around the kernel's log: libbpf, bpftool, veristat, tc (iproute2), ebpf-go, aya, bcc, bpftrace, libscap.
 * Their own sentences, which program the log is of, and where it begins and ends.
 */

export type LoaderPart =
  /** The lines that follow are the kernel's; all of them up to `end` where the loader marks that, too. */
  | { readonly kind: 'begin'; readonly program: string | null; readonly isDelimited: boolean }
  | { readonly kind: 'end' }
  /** Names the log before it where that has no name, else the next one. */
  | { readonly kind: 'program'; readonly name: string }
  | {
      readonly kind: 'message';
      readonly by: string;
      readonly text: string;
      readonly program: string | null;
    }
  /** A line of the kernel's in the middle of the loader's. */
  | { readonly kind: 'line'; readonly text: string };

interface Rule {
  readonly pattern: RegExp;
  readonly parts: (groups: Readonly<Record<string, string | undefined>>) => readonly (LoaderPart | null)[];
}

const heading: LoaderPart = { kind: 'begin', program: null, isDelimited: false };
const end: LoaderPart = { kind: 'end' };
const message = (by: string, text: string | undefined): LoaderPart | null =>
  text ? { kind: 'message', by, text: text.replace(/[\s"'}\]]+$/, ''), program: null } : null;

/** libbpf without its own prefix, in a log that another logger writes (tools/lib/bpf/libbpf.c). */
const BARE_LIBBPF =
  /(?:^|[\s>|\]])(?<text>(?:(?:prog|map|sec|object|extern)(?: \([^)]*\))? '[^']+'(?: \(\w+\))?: |(?:struct_ops|elf|\.maps)[ :]|(?:load bpf program|failed to open system Kconfig|failed to load (?:object|program) '|failed to find valid kernel BTF|Error loading (?:\.BTF|vmlinux BTF)|Error in bpf_|BTF is required, but|kernel BTF is missing at|failed to guess program type|Couldn't load trivial).*).*)$/;

const PROGRAM_OF_LIBBPF = /\b(?:prog(?:ram)?|failed to load program) '(?<program>[^']+)'/;

/** The first that matches wins. */
const RULES: readonly Rule[] = [
  {
    // Before libbpf 0.7: "BEGIN DUMP LOG" and "END LOG".
    pattern: /-- BEGIN (?:PROG LOAD|BTF LOAD|DUMP) LOG --/,
    parts: () => [{ kind: 'begin', program: null, isDelimited: true }],
  },
  { pattern: /-- END (?:PROG LOAD |BTF LOAD )?LOG --/, parts: () => [end] },
  { pattern: /^PROCESSING \S+\/(?<program>[^\s/]+), DURATION US: /, parts: () => [heading] },
  {
    pattern: /(?:^|[\s"'\]|:])libbpf(?:\[\d+\])?:(?: (?<text>.*))?$/,
    parts: ({ text }) => [message('libbpf', text)],
  },
  {
    // BPF_BTF_LOAD in ebpf-go and aya.
    pattern: /(?<text>\bload BTF: (?<errno>[^:]+))(?:: ?(?<rest>.*))?$/,
    parts: ({ text, rest }) => [message('ebpf-go', text), ...goLines(rest)],
  },
  {
    pattern:
      /(?:\bprogram (?<program>[\w.]+): )?(?<text>(?:can't )?load program: (?<errno>[^:]+))(?:: ?(?<rest>.*))?$/,
    parts: ({ text, rest }) => [message('ebpf-go', text), ...goLines(rest)],
  },
  {
    pattern:
      /(?<text>\b(?:program (?<program>[\w.]+)|map [\w.]+): (?:map create|apply CO-RE relocations|fixup|attach \w+|find \w+|cannot|missing|unknown|symbol|reference to|instruction).*)$/,
    parts: ({ text }) => [message('ebpf-go', text)],
  },
  {
    pattern:
      /(?<text>the `?BPF_(?:PROG|BTF)_LOAD`? syscall (?:failed|returned [^.]*?))(?: with code -?\d+)?\.?(?: Verifier output: ?(?<rest>.*))?$/,
    parts: ({ text, rest }) => [message('aya', text), heading, rest ? { kind: 'line', text: rest } : null],
  },
  {
    pattern: /(?<text>failed to create map `(?<map>[^`]+)`.*)$/,
    parts: ({ text }) => [message('aya', text)],
  },
  {
    pattern: /\bVerifierLog\("(?<rest>.*)$/,
    parts: ({ rest }) => [heading, rest ? { kind: 'line', text: rest } : null],
  },
  {
    pattern: /^bpf: (?<text>(?:Failed to load program|Failed to load BTF|.*too large).*)$/,
    parts: ({ text }) => [message('bcc', text), heading],
  },
  {
    pattern: /(?<text>Failed to load BPF program b?['"]?(?<program>[\w.]+)['"]?: .+)$/,
    parts: ({ text }) => [message('bcc', text)],
  },
  { pattern: /^(?:HINT: |Traceback \(most recent call last\)|\s+File ".*", line \d+)/, parts: () => [end] },
  {
    pattern:
      /^(?:ERROR: )?(?<text>Error loading (?:BPF )?program(?: for)?:? (?<program>\S+?)\.?(?: \(try -v\).*)?)$/,
    parts: ({ text }) => [message('bpftrace', text)],
  },
  {
    pattern: /^(?:(?:Kernel )?error log|VERIFIER LOG|Verifier (?:analysis|log|output)):\s*$/i,
    parts: () => [heading],
  },
  {
    pattern: /^(?<text>Prog section '(?<program>[^']+)' rejected: .+)$/,
    parts: ({ text }) => [message('tc', text), heading],
  },
  {
    pattern: /^(?<text>BTF debug data section '[^']+' rejected: .+)$/,
    parts: ({ text }) => [message('tc', text)],
  },
  {
    pattern: /^ - (?:Type|Attach Type|Instructions|License|Length): /,
    parts: () => [],
  },
  {
    pattern: /^(?:Error fetching (?:program|ELF)|Unable to load program|Skipped \d+ bytes, use 'verb')/,
    parts: () => [end],
  },
  {
    pattern: /(?:^|Error: )(?<text>libscap: bpf_load_program\(\) event=(?<program>\S+?): .+)$/,
    parts: ({ text }) => [message('libscap', text)],
  },
  {
    pattern: /^(?<text>Failed to load prog '.+'!)$/,
    parts: ({ text }) => [message('test_verifier', text), heading],
  },
  {
    pattern:
      /^(?:bpftool: )?Error: (?<text>(?:failed to (?:load|open|pin|parse|get)|object file|no program).*)$/,
    parts: ({ text }) => [end, message('bpftool', text)],
  },
  { pattern: /^veristat: (?<text>.*)$/, parts: ({ text }) => [message('veristat', text)] },
  { pattern: BARE_LIBBPF, parts: ({ text }) => [message('libbpf', text)] },
  {
    pattern: /(?<text>bcc_prog_load\(\) failed\. name: (?<program>\w+).*)$/,
    parts: ({ text }) => [message('bcc', text)],
  },
  // unwrapLog(), where a logger keeps the name apart.
  { pattern: /^program '(?<program>[^']+)':$/, parts: () => [] },
  // Test runners and build tools between two logs.
  {
    pattern: /^\s*(?:=== |--- |={4,}$|#\d+(?:\/\w+)? .*(?:OK|FAIL|SKIP)$|make(?:\[\d+\])?: |Caused by:|```)/,
    parts: () => [end],
  },
];

/** A loader's message that reports progress, or something that it does without. */
export const isLoaderRemark = (text: string): boolean => REMARK.test(text);
const REMARK =
  /skipping optional step|BTF is optional|Retrying without|created successfully|skipping\.\.\.$|^loading |^failed to load object '|failed to prepare load attributes|Ignored and continue|not re-pinning|^(?:license|kernel version) of |: (?:found |collecting |added \d|insn #|resolved to|set to|at sec_idx)/;

/** What the line is to the log; null when no loader is known to print it. */
export function readLoaderLine(line: string): readonly LoaderPart[] | null {
  for (const { pattern, parts } of RULES) {
    const match = pattern.exec(line);
    if (!match) continue;
    const found = parts(match.groups ?? {}).filter(part => part !== null);
    const program = match.groups?.program ?? PROGRAM_OF_LIBBPF.exec(line)?.groups?.program;
    if (program === undefined) return found;
    return [
      ...(found.some(part => part.kind === 'begin') ? [] : [{ kind: 'program' as const, name: program }]),
      ...found.map(part => (part.kind === 'begin' || part.kind === 'message' ? { ...part, program } : part)),
    ];
  }
  return null;
}

/**
 * ebpf-go's error on one line has the log's last line, or two joined by ": ", after the errno (VerifierError.Error() of
 * internal/errors.go says which lines bring another one along).
 */
function goLines(rest: string | undefined): LoaderPart[] {
  const written = rest ?? '';
  const text = written.replace(OMITTED, '').replace(/"[\s}\])]*$/, '');
  if (text === '') return [heading];
  const two = /^(?<first>.*?): (?<second>(?:R\d+ |invalid bpf_context access).*)$/.exec(text)?.groups;
  const lines = (two ? [two.first, two.second] : [text]).map(
    (line): LoaderPart => ({ kind: 'line', text: line ?? '' }),
  );
  // Old versions printed the whole log there.
  return OMITTED.test(written)
    ? [{ kind: 'begin', program: null, isDelimited: true }, ...lines, end]
    : [heading, ...lines];
}

const OMITTED = / ?\((?:truncated|(?:truncated, )?\d+ line\(s\) omitted)\).*$/;
