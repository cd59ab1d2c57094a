/** A probe as it is typed. What it names is looked up later (resolve-probe.ts). */
import { TraceError } from './trace-error';

export type ProbeName =
  /** vfs_read */
  | { readonly kind: 'kernel-function'; readonly name: string }
  /** sys:openat */
  | { readonly kind: 'syscall'; readonly name: string }
  /** tcp:tcp_retransmit_skb, or libc:malloc: the kernel's tracepoints decide. */
  | { readonly kind: 'tracepoint-or-function'; readonly group: string; readonly name: string }
  /** ./server:handle_request, /usr/lib/libz.so.1:inflate */
  | { readonly kind: 'user-function'; readonly file: string; readonly name: string };

const NAME = /^[A-Za-z_]\w*$/;
/** Names of libraries and commands: libstdc++.so.6, python3.11. */
const GROUP = /^[\w.+-]+$/;
/** ELF symbols; those of other languages are written mangled. */
const SYMBOL = /^[\w.$@]+$/;

const FORMS =
  'Write a kernel function (vfs_read), a tracepoint (tcp:tcp_retransmit_skb), a system call (sys:openat), or a function of a library or program (libc:malloc, ./server:handle_request).';

/** Throws TraceError 'bad-probe'. */
export function parseProbe(text: string): ProbeName {
  const colon = text.lastIndexOf(':');
  if (colon < 0) {
    if (NAME.test(text)) return { kind: 'kernel-function', name: text };
    throw bad(text);
  }
  const before = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (/^\d+$/.test(name))
    throw new TraceError('bad-probe', `'${text}' is a line of a source file: only functions can be traced.`, {
      text: 'Name the program and its function: ./server:handle_request.',
    });
  if (before.includes('/')) {
    // A control character in a path could only confuse the reader of the program.
    if (SYMBOL.test(name) && !/[\p{Cc}\p{Cf}]/u.test(before))
      return { kind: 'user-function', file: before, name };
    throw bad(text);
  }
  if (!GROUP.test(before)) throw bad(text);
  if (before === 'sys' && NAME.test(name)) return { kind: 'syscall', name };
  if (!SYMBOL.test(name)) throw bad(text);
  return { kind: 'tracepoint-or-function', group: before, name };
}

const bad = (text: string): TraceError =>
  new TraceError('bad-probe', `'${text}' is not a probe.`, { text: FORMS });
