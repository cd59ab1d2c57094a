/**
 * Extracts the kernel's symbol table (kallsyms) from its image's read-only data. The image has no symbol for the table's
 * position, so it is recognised by its structure. The format of scripts/kallsyms.c, each part 8-byte aligned:
 *
 *   s32 offsets[n], u64 base, u64 n, names (length, bytes), u32 markers[n / 256], tokens, u16 index[256]    up to 6.3
 *   u64 n, names, markers, tokens, index, s32 offsets[n], u64 base                                          since 6.4 (404bad70fcf7)
 *
 * Each byte of a name is the index of a token; a name's first character is its type as in nm(1).
 */

export interface KernelSymbols {
  /** In the format of /proc/kallsyms, ordered by address, code only: "0 T vfs_read\n". */
  readonly code: Uint8Array;
  /** The low 32 bits of the address of each line of `code`. The kernel is in the top 2 GB. */
  readonly addresses: Uint32Array;
  /** The low 32 bits of the address of a symbol, code or data; null when there is none of that name. */
  addressOf(name: string): number | null;
}

const TOKENS = 256;
const NAMES_PER_MARKER = 256;
const FIRST_DIGIT = 0x30;
/** Digits are so frequent in names that each is a token, and these tokens are consecutive. */
const DIGITS = Uint8Array.from([...'0123456789'].flatMap(digit => [digit.charCodeAt(0), 0]));
const CODE_TYPES = new Set([...'tTwW'].map(type => type.charCodeAt(0)));
/** Limits of the number of symbols: fewer and more than any kernel has. */
const FEWEST = 1000;
const MOST = 2_000_000;
const LONG_LENGTH = 0x80;

/** null when there is no table of a known layout. Never throws. */
export function readKallsyms(rodata: Uint8Array): KernelSymbols | null {
  const view = new DataView(rodata.buffer, rodata.byteOffset, rodata.byteLength);
  const tokens = findTokens(rodata, view);
  const table = tokens && findNames(rodata, view, tokens);
  return tokens && table ? decode(rodata, view, tokens, table) : null;
}

interface Tokens {
  /** Start of the first token, after the names and markers. */
  readonly start: number;
  /** End of the token index. */
  readonly end: number;
  readonly texts: readonly Uint8Array[];
}

function findTokens(rodata: Uint8Array, view: DataView): Tokens | null {
  for (let at = indexOf(rodata, DIGITS, 0); at >= 0; at = indexOf(rodata, DIGITS, at + 1)) {
    let end = at;
    for (let token = FIRST_DIGIT; token < TOKENS; token++) end = rodata.indexOf(0, end) + 1;
    for (const alignment of [4, 8]) {
      const index = Math.ceil(end / alignment) * alignment;
      if (index + 2 * TOKENS > rodata.length || view.getUint16(index, true) !== 0) continue;
      const offsets = Array.from({ length: TOKENS }, (_, token) => view.getUint16(index + 2 * token, true));
      if (!offsets.every((offset, token) => token === 0 || offset > (offsets[token - 1] ?? 0))) continue;
      const start = at - (offsets[FIRST_DIGIT] ?? 0);
      const texts = offsets.map(offset => rodata.subarray(start + offset, rodata.indexOf(0, start + offset)));
      return { start, end: index + 2 * TOKENS, texts };
    }
  }
  return null;
}

interface NameTable {
  readonly count: number;
  /** Position of the count; in the older layout the base and the offsets precede it. */
  readonly countAt: number;
}

/** Searches backwards from the tokens for a count that is followed by as many names and their markers. */
function findNames(rodata: Uint8Array, view: DataView, tokens: Tokens): NameTable | null {
  const isType = tokens.texts.map(text => isLetter(text[0] ?? 0));
  for (let countAt = (tokens.start & ~7) - 16; countAt >= 8; countAt -= 8) {
    const count = view.getUint32(countAt, true);
    if (count < FEWEST || count > MOST || view.getUint32(countAt + 4, true) !== 0) continue;
    if (areNames(rodata, view, tokens.start, isType, countAt + 8, count)) return { count, countAt };
  }
  return null;
}

function areNames(
  rodata: Uint8Array,
  view: DataView,
  limit: number,
  isType: readonly boolean[],
  start: number,
  count: number,
): boolean {
  const marked: number[] = [];
  let at = start;
  for (let name = 0; name < count; name++) {
    if (name % NAMES_PER_MARKER === 0) marked.push(at - start);
    const { length, next } = lengthAt(rodata, at);
    if (length === 0 || next + length > limit || !isType[rodata[next] ?? 0]) return false;
    at = next + length;
  }
  const markers = align(at);
  return (
    markers + 4 * marked.length <= limit &&
    marked.every((offset, index) => view.getUint32(markers + 4 * index, true) === offset)
  );
}

function decode(rodata: Uint8Array, view: DataView, tokens: Tokens, table: NameTable): KernelSymbols | null {
  const { count, countAt } = table;
  const addressAt = readAddresses(view, tokens, table);
  if (!addressAt) return null;
  const longest = Math.max(...tokens.texts.map(text => text.length));
  const code = new Uint8Array(rodata.length * 2);
  const addresses = new Uint32Array(count);
  const places = new Uint32Array(count);
  let lines = 0;
  let to = 0;
  let at = countAt + 8;
  for (let name = 0; name < count; name++) {
    places[name] = at;
    const { length, next } = lengthAt(rodata, at);
    at = next + length;
    if (!CODE_TYPES.has(tokens.texts[rodata[next] ?? 0]?.[0] ?? 0)) continue;
    if (to + length * longest + 4 > code.length) return null;
    addresses[lines++] = addressAt(name);
    code[to++] = FIRST_DIGIT;
    code[to++] = 0x20;
    const typeAt = to++;
    for (let byte = next; byte < at; byte++) {
      const text = tokens.texts[rodata[byte] ?? 0];
      if (!text) return null;
      code.set(text, to);
      to += text.length;
    }
    // The type is the name's first character: insert a space after it.
    code[typeAt] = code[typeAt + 1] ?? 0;
    code[typeAt + 1] = 0x20;
    code[to++] = 0x0a;
  }
  return {
    code: code.slice(0, to),
    addresses: addresses.slice(0, lines),
    addressOf(wanted) {
      for (let name = 0; name < count; name++) {
        const { length, next } = lengthAt(rodata, places[name] ?? 0);
        if (isNamed(rodata.subarray(next, next + length), tokens, wanted)) return addressAt(name);
      }
      return null;
    },
  };
}

/** The low 32 bits of each symbol's address, by index; null when neither layout has a base in the kernel. */
function readAddresses(
  view: DataView,
  tokens: Tokens,
  { count, countAt }: NameTable,
): ((index: number) => number) | null {
  const bytes = align(4 * count);
  const places = [countAt - 8 - bytes, align(tokens.end)];
  const offsets = places.find(
    place => place >= 0 && place + bytes + 8 <= view.byteLength && isOfKernel(view, place + bytes),
  );
  if (offsets === undefined) return null;
  const base = view.getUint32(offsets + bytes, true);
  const offsetOf = (index: number): number => view.getInt32(offsets + 4 * index, true);
  // CONFIG_KALLSYMS_ABSOLUTE_PERCPU, removed in 6.15: offsets of non-absolute symbols are negative, relative to the base.
  const hasAbsolute = offsetOf(count - 1) < 0;
  return index => {
    const offset = offsetOf(index);
    if (!hasAbsolute) return (base + offset) >>> 0;
    return (offset >= 0 ? offset : base - 1 - offset) >>> 0;
  };
}

/** Whether the u64 at `at` is an address in the top 2 GB. */
function isOfKernel(view: DataView, at: number): boolean {
  return view.getInt32(at + 4, true) === -1 && view.getInt32(at, true) < 0;
}

const align = (offset: number): number => Math.ceil(offset / 8) * 8;

/** Whether the tokens expand to a type and this name. */
function isNamed(bytes: Uint8Array, tokens: Tokens, wanted: string): boolean {
  let at = -1;
  for (const byte of bytes) {
    for (const character of tokens.texts[byte] ?? []) {
      if (at >= 0 && wanted.charCodeAt(at) !== character) return false;
      at++;
    }
  }
  return at === wanted.length;
}

/** One byte, or two for 128 and more, low seven bits first. */
function lengthAt(rodata: Uint8Array, at: number): { readonly length: number; readonly next: number } {
  const low = rodata[at] ?? 0;
  if (low < LONG_LENGTH) return { length: low, next: at + 1 };
  return { length: (low & ~LONG_LENGTH) | ((rodata[at + 1] ?? 0) << 7), next: at + 2 };
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1))
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  return -1;
}
