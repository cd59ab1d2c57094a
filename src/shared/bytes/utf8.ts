/**
 * UTF-8 in the pure rooms: the one place that reaches for TextDecoder/TextEncoder, which every runtime we meet has
 * but the ES library types do not name.
 */
interface Runtime {
  readonly TextDecoder: new (label: string) => { decode(bytes: Uint8Array): string };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
}

const runtime = globalThis as unknown as Runtime;
const decoder = new runtime.TextDecoder('utf-8');
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
