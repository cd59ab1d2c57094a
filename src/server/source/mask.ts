/**
 * BPF C is full of macros unknown to C's grammar. Before parsing, they are replaced by blanks or by C tokens of the
 * same length with an equivalent meaning, so that offsets do not change.
 */

import { closingIndex, type Token } from '../../shared/c/lexer';
import { ATTRIBUTE_WORDS, ATTRIBUTES, isMapField, TAG_MACROS } from './attributes';

const BLANKED = new Set(['SEC', ...ATTRIBUTES, ...TAG_MACROS]);
/** Macros and builtins that take a type where C expects an expression. */
const TYPE_ARGUMENTS =
  /^(bpf_core_\w+|BPF_CORE_\w+|__builtin_preserve_\w+|bpf_obj_new|bpf_percpu_obj_new|container_of|offsetof|__builtin_offsetof|bpf_rdonly_cast)$/;

/** The text of tokens[0..] between `start` and `end`, masked. `text` is the whole file. */
export function maskItem(text: string, start: number, end: number, tokens: readonly Token[]): string {
  const cuts: { from: number; to: number; by: string }[] = [];
  const blank = (from: number, to: number) =>
    cuts.push({ from, to, by: text.slice(from, to).replace(/[^\n\r]/g, ' ') });
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token?.kind !== 'name') {
      if (token?.kind === 'directive') blank(token.start, token.end);
      continue;
    }
    if (ATTRIBUTE_WORDS.has(token.text)) {
      blank(token.start, token.end);
      continue;
    }
    const opens = tokens[index + 1]?.text === '(';
    const isField = isMapField(token.text);
    if (BLANKED.has(token.text) || isField) {
      const close = opens ? closingIndex(tokens, index + 1) : index;
      if (close < 0) continue;
      const last = isField && tokens[close + 1]?.text === ';' ? close + 1 : close;
      blank(token.start, tokens[last]?.end ?? token.end);
      index = last;
      continue;
    }
    if (opens && TYPE_ARGUMENTS.test(token.text)) {
      const close = closingIndex(tokens, index + 1);
      for (let inner = index + 2; inner < close; inner++) {
        const word = tokens[inner];
        if (word && /^(struct|union|enum)$/.test(word.text) && tokens[inner + 1]?.kind === 'name')
          blank(word.start, word.end);
      }
    }
  }
  let masked = '';
  let at = start;
  for (const cut of cuts) {
    if (cut.from < at) continue;
    masked += text.slice(at, cut.from) + cut.by;
    at = cut.to;
  }
  return masked + text.slice(at, end);
}
