/**
 * Text of strangers within Markdown of ours. A renderer fetches images, makes links of addresses and ends a code span at
 * the first backtick: here nothing of a text is markup.
 */
import { escapeLines, escapeText } from './escape';

/** Words: every character that could mean something to Markdown becomes an entity, which never does. One line. */
export function markdownText(text: string): string {
  return escapeText(text).replace(/[!-/:-@[-`{-~]/g, character => `&#${character.charCodeAt(0)};`);
}

/** A code span, fenced by more backticks than the text has in a row. One line. */
export function markdownCode(text: string): string {
  const shown = escapeText(text);
  const fence = '`'.repeat(longestRun(shown) + 1);
  return /^[ `]|[ `]$|^$/.test(shown) ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}

/** A code block; `language` is a constant of the caller's. */
export function markdownBlock(text: string, language: string): string {
  const shown = escapeLines(text);
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(run => run.length));
}
