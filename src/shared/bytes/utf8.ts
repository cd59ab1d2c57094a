/**
 * UTF-8 in the pure rooms: the one place that reaches for TextDecoder/TextEncoder, which every runtime we meet has
 * but the ES library types do not name.
 */
interface Runtime {
  readonly TextDecoder: new (
    label: string,
    options?: { ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
}

const runtime = globalThis as unknown as Runtime;
// A byte order mark is text like any other.
const decoder = new runtime.TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new runtime.TextEncoder();

/** Text of the bytes; malformed sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text up to the first NUL within [start, end) of `bytes`. Short ASCII, the usual case, does not touch the decoder. */
export function decodeCString(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) return text;
    if (byte > 0x7f || at - start > 256) {
      const nul = bytes.indexOf(0, at);
      return decoder.decode(bytes.subarray(start, nul < 0 || nul > end ? end : nul));
    }
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Text of the bytes in [start, end), different for different bytes: each that is not part of valid UTF-8 becomes \\xNN, and
 * backslashes that would then be ambiguous are doubled.
 */
export function decodeExactText(bytes: Uint8Array, start = 0, end = bytes.byteLength): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f || byte === BACKSLASH || at - start > 256) return decodeRuns(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

const BACKSLASH = 0x5c;

function decodeRuns(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let run = start;
  const valid = (to: number) =>
    decoder.decode(bytes.subarray(run, to)).replace(/\\+(?=x[89a-f][0-9a-f])/g, '$&$&');
  for (let at = start; at < end; ) {
    const length = sequenceLength(bytes, at, end);
    if (length > 0) {
      at += length;
      continue;
    }
    text += valid(at).replace(/\\+$/, '$&$&');
    text += `\\x${(bytes[at] ?? 0).toString(16)}`;
    run = ++at;
  }
  return text + valid(end);
}

/** Bytes of the valid UTF-8 sequence at `at`, or 0 (Unicode 15, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  const second = bytes[at + 1] ?? 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let next = at + 2; next < at + length; next++) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
