/** Names from lines of C: what a line assigns, which map it names. Lines come from line information, one at a time. */

const ASSIGNED =
  /(?:^|[\s*(,;{])([A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*|\[[^\]]*\])*)\s*(?:[-+*/&|^%]|<<|>>)?=(?!=)/g;
const KEYWORDS = new Set(['if', 'while', 'for', 'return', 'else', 'switch']);

/** The variable or field a line gives a value ("event->pid"): the last assignment of the line; null without one. */
export function assignedName(line: string): string | null {
  let name: string | null = null;
  for (const match of line.matchAll(ASSIGNED)) {
    if (match[1] !== undefined && !KEYWORDS.has(match[1])) name = match[1];
  }
  return name;
}

/** The first argument of a call of `helper` on the line, when it is the address of something: "&counts" → "counts". */
export function addressArgument(line: string, helper: string): string | null {
  const at = line.indexOf(`${helper}(`);
  if (at < 0) return null;
  return /^\(\s*&\s*([A-Za-z_][\w.>-]*)/.exec(line.slice(at + helper.length))?.[1] ?? null;
}

/**
 * The variable passed as argument `number` (from 1) of `helper` on the line, without casts and &: of
 * "f(&map, (void *)tid)" the second is "tid". Null for anything but a name, and for calls that go on on the next line.
 */
export function argumentOf(line: string, helper: string, number: number): string | null {
  const start = line.indexOf(`${helper}(`);
  if (start < 0) return null;
  let depth = 0;
  let nth = 1;
  let text = '';
  for (const character of line.slice(start + helper.length)) {
    if (character === '(' && ++depth === 1) continue;
    if (character === ')' && --depth === 0) {
      const name = text.replace(/\([\w\s*]+\)(?=\s*[&\w(])/g, '').trim();
      return nth === number ? (/^&?\s*([A-Za-z_]\w*(?:(?:->|\.)\w+)*)$/.exec(name)?.[1] ?? null) : null;
    }
    if (character === ',' && depth === 1) {
      if (nth === number) return argumentOf(`${helper}(${text})`, helper, 1);
      nth++;
      text = '';
    } else {
      text += character;
    }
  }
  return null;
}

/** The expression inside the last [] of a line: "slots[slot]++" → "slot". */
export function indexExpression(line: string): string | null {
  return /\[([^[\]]+)\](?!.*\[)/.exec(line)?.[1]?.trim() ?? null;
}

/** "`name`" for messages. */
export const quoted = (name: string): string => `\`${name}\``;
