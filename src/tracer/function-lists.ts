/**
 * Searches the kernel's lists of functions. The kernel generates these megabytes as they are read, so they are read in
 * pieces, never stored, and only until every name is found.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A list by the format of its lines: "vfs_read [module]" (tracefs), "ffffffff81234560 T vfs_read [module]" (/proc/kallsyms). */
export interface FunctionList {
  /** Texts that precede a name in a line. */
  readonly before: readonly string[];
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Symbol types of code, as in nm(1): local and global text, weak. */
const CODE_SYMBOLS = [' t ', ' T ', ' w ', ' W '];
const NEWLINE = 0x0a;

/** available_filter_functions */
export const traceableFunctions = (pieces: AsyncIterable<Uint8Array>): FunctionList => ({
  before: ['\n'],
  pieces,
});
/** /proc/kallsyms */
export const codeSymbols = (pieces: AsyncIterable<Uint8Array>): FunctionList => ({
  before: CODE_SYMBOLS,
  pieces,
});

/** Bytes per read before yielding to the event loop: about a millisecond of the kernel's work. */
const PIECE_BYTES = 128 << 10;

/**
 * A file's bytes in pieces, each valid until the next. Read synchronously: the kernel returns these lists page by page,
 * and a round trip through the thread pool for each page would cost more than generating it.
 */
export async function* readInPieces(path: string): AsyncGenerator<Uint8Array, void> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (;;) {
      let length = 0;
      let got = 0;
      do {
        got = readSync(file, buffer, length, buffer.byteLength - length, null);
        length += got;
      } while (got > 0 && length < buffer.byteLength);
      if (length > 0) yield buffer.subarray(0, length);
      if (got === 0) return;
      await nextTurn();
    }
  } finally {
    closeSync(file);
  }
}

/** The whole of a file that the kernel returns page by page; readFile would use the thread pool for each page. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readInPieces(path)) pieces.push(new Uint8Array(piece));
  return Buffer.concat(pieces);
}

/** The names that the list contains. Stops reading once all are found. */
export async function findFunctions(list: FunctionList, names: Iterable<string>): Promise<Set<string>> {
  const missing = new Set([...names].filter(name => /^[!-~]+$/.test(name)));
  const found = new Set<string>();
  // The first line has no newline before it, and a piece may end within a line.
  let rest = Buffer.of(NEWLINE);
  const look = (lines: Buffer) => {
    for (const name of missing) if (hasName(lines, list.before, name)) found.add(name);
    for (const name of found) missing.delete(name);
  };
  for await (const piece of list.pieces) {
    if (missing.size === 0) break;
    const text = Buffer.concat([rest, piece]);
    const end = text.lastIndexOf(NEWLINE);
    look(text.subarray(0, end + 1));
    rest = text.subarray(Math.max(end, 0));
  }
  look(Buffer.concat([rest, Buffer.of(NEWLINE)]));
  return found;
}

/** Whether `lines` contain one of the preceding texts, the name and white space in sequence. */
function hasName(lines: Buffer, before: readonly string[], name: string): boolean {
  return before.some(prefix => {
    const text = Buffer.from(prefix + name, 'latin1');
    for (let at = lines.indexOf(text); at >= 0; at = lines.indexOf(text, at + 1))
      if (isSpace(lines[at + text.byteLength])) return true;
    return false;
  });
}

const isSpace = (byte: number | undefined): boolean => byte === NEWLINE || byte === 0x20 || byte === 0x09;
