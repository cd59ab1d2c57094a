/**
 * Escapes untrusted text inside our Markdown, so that no part of it is interpreted as markup. Renderers fetch images,
 * turn URLs into links and end a code span at the first backtick.
 */
import { escapeLines, escapeText } from './escape';

/** Markup of links, images, code, HTML, URLs and escapes. */
const MARKUP = /[[\]<`@~\\]|:(?=\/\/)|(?<=www)\./gi;

/** Plain text, one line: every character with a meaning in Markdown becomes an entity. */
export function markdownText(text: string): string {
  return escapeText(text).replace(/[!-/:-@[-`{-~]/g, entity);
}

/** A code block; `language` must be a constant. */
export function markdownBlock(text: string, language: string): string {
  const shown = escapeLines(text);
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

/**
 * Markdown composed of our own text and of untrusted text (comments, names in files): code, emphasis and lists are kept;
 * links, images, URLs and HTML become plain text. Blocks are rewritten, so that a renderer sees exactly the blocks that
 * this function sees.
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

/** `text` without code blocks: keeps code spans; characters that could begin a link, an image or HTML become entities. */
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
