/** Takes the lines of a verifier log out of what a logger, a test runner or a paste put around each of them. */

/** Only the verifier prints these, wherever they are in a line. */
const MARK = /(?<![\w.#-])(?:\d+: \([0-9a-f]{2}\) |processed \d+ insns\b)/;
/** Texts in which "\n" stands for a line end: JSON, Go's %q, Rust's {:?}, Python's repr. */
const ESCAPED =
  /\d+: \([0-9a-f]{2}\) |processed \d+ insns|load program: |Verifier ?[oO]utput|VerifierLog|LOAD LOG/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '', t: '\t' };
/** JSON inside JSON inside a log message. */
const MAX_NESTING = 3;
/** A logger's prefix is short; what is longer is a line of its own. */
const MAX_PREFIX = 200;
const MAX_PREFIXES = 8;
/** "regs=4 stack=0 before 47: (bf)", "Verifier output: 0: (b7)", "load program: permission denied: 12: (61)". */
const NO_PREFIX = /\bbefore $|[Oo]utput: ?$|VerifierLog|load program: |syscall /;
/** logrus, slog and their relatives: the texts of a line. */
const IS_LOGFMT = /\b(?:level|time|ts|lvl)=/;
const LOGFMT = /\b(?:msg|message|error|err)="((?:[^"\\]|\\.)*)"/g;
/** Members of JSON that are texts even where they are one word, and elements of arrays. */
const TEXT_KEY = /^(?:msg|message|err|error|log|line|text|output|stderr|\d+)$/i;
/** States, after which some kernels went on without a line end. */
const STATES = /^(?:(?:from )?\d+ to \d+(?: \(speculative execution\))?:| ?(?:frame\d+: ?)?R\d+(?:_\w+)?=)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with ESC
const COLOUR = /\u001b\[[0-9;]*m/g;

/** Lines without line ends; those that are not the kernel's stay, without the prefix they share with the kernel's. */
export function unwrapLog(text: string): string[] {
  const lines = jsonLines(text.trim()) ?? text.split('\n');
  const plain = lines.flatMap(line => unescaped(line.replace(/\r$/, '').replace(COLOUR, ''), 0));
  const prefixes = sharedPrefixes(plain);
  return plain.flatMap(line => {
    const prefix = prefixes.find(each => each.test(line));
    const own = prefix ? line.replace(prefix, '') : line.replace(/^\t+/, '');
    const at = STATES.test(own) ? own.search(MARK) : 0;
    return at > 0 ? [own.slice(0, at).trimEnd(), own.slice(at)] : [own];
  });
}

function unescaped(line: string, depth: number): string[] {
  if (depth === MAX_NESTING) return [line];
  const json = jsonLines(line.slice(Math.max(0, line.indexOf('{'))).trim());
  if (json) return json.flatMap(each => unescaped(each, depth + 1));
  const texts = IS_LOGFMT.test(line) ? [...line.matchAll(LOGFMT)].map(match => match[1] ?? '') : [];
  if (texts.length > 0)
    return texts.flatMap(text =>
      splitLines(withoutEscapes(text)).flatMap(each => unescaped(each, depth + 1)),
    );
  if (!line.includes('\\n') || !ESCAPED.test(line)) return [line];
  return splitLines(withoutEscapes(line)).flatMap(each => unescaped(each, depth + 1));
}

const splitLines = (text: string): string[] => text.split('\n');

function withoutEscapes(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_all, code?: string, letter = '') =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[letter] ?? letter),
  );
}

/** The texts in a JSON value, a blank line between them; a member that names the program comes first. Null for other text. */
function jsonLines(text: string): string[] | null {
  if (!/^[{[]\s*["{[]/.test(text) || !/[}\]]$/.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const names: string[] = [];
  const lines: string[] = [];
  const waiting: { key: string; value: unknown }[] = [{ key: '', value }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (typeof next.value === 'string') {
      if (/^prog(?:ram)?_?(?:name)?$/i.test(next.key)) names.push(`program '${next.value}':`);
      // Levels, times and names of files are no lines of a log.
      else if (/\s/.test(next.value) || TEXT_KEY.test(next.key))
        lines.push(...(lines.length > 0 ? [''] : []), ...splitLines(next.value));
    } else if (typeof next.value === 'object' && next.value !== null) {
      for (const [key, each] of Object.entries(next.value).reverse()) waiting.push({ key, value: each });
    }
  }
  return [...names, ...lines];
}

/** What precedes the verifier's own marks in several lines, its numbers left open: time stamps, levels, indentation. */
function sharedPrefixes(lines: readonly string[]): RegExp[] {
  const counts = new Map<string, number>();
  let plain = 0;
  for (const line of lines) {
    const at = line.search(MARK);
    if (at === 0) plain++;
    const prefix = line.slice(0, Math.max(0, at));
    if (at <= 0 || at > MAX_PREFIX || NO_PREFIX.test(prefix) || STATES.test(line)) continue;
    const shape = prefix
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\d+/g, '\\d+')
      // Blanks at an end are exact: a state line begins with one of its own.
      .replace(/(?<=\S) +(?=\S)/g, ' +');
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1 || plain === 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_PREFIXES)
    .map(([shape]) => new RegExp(`^${shape}`));
}
