/**
 * libbpf's log. A print callback in JavaScript runs for every debug line, hundreds per load, and each call crosses
 * threads: so libbpf is silent by default, and a failed call is repeated with the log captured.
 */
import { libbpfSetPrint, type Pointer, registerPrint, vsnprintf } from './ffi';

/** enum libbpf_print_level: warn 0, info 1, debug 2. */
const DEBUG_LEVEL = 2;
const MESSAGE_BYTES = 16 << 10;
const MAX_LINES = 200;

let callback: Pointer | undefined;
let lines: string[] | undefined;
const scratch = Buffer.alloc(MESSAGE_BYTES);

function print(level: number, format: Pointer, args: Pointer): number {
  if (level >= DEBUG_LEVEL || !lines) return 0;
  try {
    // A va_list can be consumed only once, hence one large buffer. It is passed by address on x86-64 and arm64.
    const length = vsnprintf(scratch, scratch.byteLength, format, args);
    const text = scratch.toString('utf8', 0, Math.min(Math.max(length, 0), scratch.byteLength - 1));
    for (const line of text.split('\n')) if (line.trim()) lines.push(line.trimEnd());
    if (lines.length > MAX_LINES) lines.splice(0, lines.length - MAX_LINES);
  } catch {
    // An exception thrown through C would surface in an unrelated libbpf call.
  }
  return 0;
}

/** Silences libbpf. Called once before its first use: the default prints to stderr. */
export function silenceLibbpf(): void {
  libbpfSetPrint(null);
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs `work` and returns libbpf's warnings during it, oldest first, without the "libbpf: " prefix. Captures run one at
 * a time and must not be nested: the callback cannot tell calls apart.
 */
export function captureLog<T>(work: () => Promise<T> | T): Promise<{ result: T; log: readonly string[] }> {
  const captured = previous.then(() => capture(work));
  previous = captured.catch(() => undefined);
  return captured;
}

async function capture<T>(work: () => Promise<T> | T): Promise<{ result: T; log: readonly string[] }> {
  callback ??= registerPrint(print);
  const captured: string[] = [];
  lines = captured;
  libbpfSetPrint(callback);
  try {
    const result = await work();
    return { result, log: captured.map(line => line.replace(/^libbpf: /, '')) };
  } finally {
    libbpfSetPrint(null);
    lines = undefined;
  }
}

const COMPLAINT = /fail|error|invalid|unknown|unsupported|not |can't|cannot|missing/i;

/** libbpf's first warning, as a sentence: the later ones only repeat that something failed. '' without one. */
export function firstReason(log: readonly string[]): string {
  const line = log.find(candidate => COMPLAINT.test(candidate)) ?? log[0];
  return line === undefined ? '' : `libbpf reported: ${line}`;
}
