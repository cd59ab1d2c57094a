/**
 * Functions that cannot be probed, by the part of the kernel's text they are in: /proc/kallsyms is in the
 * order of addresses, which every user may read (available_filter_functions is root's).
 */

/** Parts of the text by the symbols around them (include/asm-generic/vmlinux.lds.h, arch/x86/kernel/vmlinux.lds.S). */
const PARTS: Readonly<Record<string, { readonly last: string; readonly why: string }>> = {
  __noinstr_text_start: {
    last: '__noinstr_text_end',
    why: 'it is marked noinstr: neither fentry nor a kprobe can be there',
  },
  __entry_text_start: {
    last: '__entry_text_end',
    why: "it is the kernel's entry code: neither fentry nor a kprobe can be there",
  },
  _sinittext: {
    last: '_einittext',
    why: 'it runs once while the kernel boots, and its memory is given back then',
  },
};

/** By name, why it cannot be traced; excludes names that functions elsewhere have too. `table`: kallsyms' text. */
export function untraceableFunctions(table: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const elsewhere = new Set<string>();
  let part = null as (typeof PARTS)[string] | null;
  for (let at = 0; at < table.length; ) {
    const newline = table.indexOf('\n', at);
    const end = newline < 0 ? table.length : newline;
    // "ADDRESS TYPE NAME", and a module's tab and [MODULE].
    const space = table.indexOf(' ', at) + 3;
    const symbol = table.slice(space, end);
    const tab = symbol.indexOf('\t');
    const name = tab < 0 ? symbol : symbol.slice(0, tab);
    if (name === part?.last) part = null;
    else if (part) found.set(name, part.why);
    else {
      part = Object.hasOwn(PARTS, name) ? (PARTS[name] ?? null) : null;
      if ('tTwW'.includes(table[space - 2] ?? ' ')) elsewhere.add(name);
    }
    at = end + 1;
  }
  // A part without an end is ignored: the table is cut off, or in an unknown order.
  if (part) return new Map();
  for (const name of found.keys()) if (elsewhere.has(name)) found.delete(name);
  return found;
}
