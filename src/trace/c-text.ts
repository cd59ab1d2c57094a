/**
 * The only way from a name or text to the C of a generated program. Types and names come from the BTF of a kernel, from
 * symbols and from the command line; here each is an identifier, a literal or a comment, or it is refused.
 */
import { TraceError } from './trace-error';

/** C11's keywords, and what vmlinux.h and libbpf's headers define besides. */
const KEYWORDS =
  words(`auto break case char const continue default do double else enum extern float for goto if inline
  int long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
  asm typeof bool true false NULL SEC barrier offsetof container_of likely unlikely`);

/** Names that generated programs use themselves. */
const OWN =
  words(`ctx id tid comm key record call value latency result none now calls counts dist stacks events
  started calls_missed keys_missed values_negative stacks_cut target_pid target_file target_function`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Throws TraceError for a name that cannot be written in C. */
export function identifier(name: string): string {
  if (/^[A-Za-z_]\w{0,127}$/.test(name)) return name;
  throw new TraceError('bad-probe', `'${name}' is not a name that C can have.`);
}

/** A parameter or variable with this name; another one where C or the program itself has a use for it. */
export function variableName(name: string): string {
  return KEYWORDS.has(name) || OWN.has(name) ? `${name}_` : identifier(name);
}

/** The same for a member of a struct. */
export function memberName(name: string): string {
  return KEYWORDS.has(name) ? `${name}_` : identifier(name);
}

/** An identifier made of whatever a text has that one may have: "_ZN3foo3barEv" of itself, "a_b" of "a.b". */
export function identifierOf(text: string): string {
  const made = text.replace(/\W+/g, '_').replace(/^(?=\d)/, '_');
  return identifier(made.slice(0, 64));
}

/** A C string literal of UTF-8 bytes: everything that is not plain ASCII as an octal escape, of which C reads three digits. */
export function literal(text: string): string {
  const bytes = [...new TextEncoder().encode(text)].map(byte => {
    const character = String.fromCharCode(byte);
    // ? would begin a trigraph.
    return /[\w !#$%&'()*+,\-./:;<=>@[\]^`{|}~]/.test(character)
      ? character
      : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}

/** A byte as a `char`, which has a sign on BPF's target. */
export function characterLiteral(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[\w .:/-]/.test(character) ? `'${character}'` : String(byte > 127 ? byte - 256 : byte);
}

/** Text within a block comment: one line that cannot end it, of ASCII, since editors hide or reorder other characters. */
export function commentText(text: string): string {
  return text
    .replace(/[^ -~]/g, '?')
    .replaceAll('\\', '/')
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *');
}
