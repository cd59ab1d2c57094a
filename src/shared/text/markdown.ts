/**
 * Text of strangers within Markdown of ours. A renderer fetches images, makes links of addresses and ends a code span at
 * the first backtick: here nothing of a text is markup.
 */
import { escapeLines, escapeText } from './escape';

/** Of links, images, code, HTML, addresses and escapes. */
const MARKUP = /[[\]<`@~\\]|:(?=\/\/)|(?<=www)\./gi;

/** Words: every character that could mean something to Markdown becomes an entity, which never does. One line. */
export function markdownText(text: string): string {
  return escapeText(text).replace(/[!-/:-@[-`{-~]/g, entity);
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

/**
 * Markdown made of our words and of text that strangers wrote (comments, names in files): code, emphasis and lists stay;
 * links, images, addresses and HTML become plain text. Blocks are written anew, so that a renderer sees those that are
 * seen here and no others.
 */
export function inertMarkdown(markdown: string): string {
  const parts: string[] = [];
  let text: string[] = [];
  let block: { readonly language: string; readonly lines: string[] } | null = null;
  for (const line of escapeLines(markdown).split('\n')) {
    const opening = /^```(\w*)$/.exec(line);
    if (block === null && opening) {
      if (text.length > 0) parts.push(inertText(text.join('\n')));
      text = [];
      block = { language: opening[1] ?? '', lines: [] };
    } else if (block !== null && line === '```') {
      parts.push(markdownBlock(block.lines.join('\n'), block.language));
      block = null;
    } else (block?.lines ?? text).push(line);
  }
  if (block !== null) parts.push(markdownBlock(block.lines.join('\n'), block.language));
  else if (text.length > 0) parts.push(inertText(text.join('\n')));
  return parts.join('\n');
}

/** `text` without code blocks: code spans stay, and what could begin a link, an image or HTML becomes an entity. */
function inertText(text: string): string {
  return text
    .split(/(?<!`)(`[^`\n]+`)(?!`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(MARKUP, entity)))
    .join('');
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(run => run.length));
}
