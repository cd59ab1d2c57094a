/** Hovers in Markdown: everything except our own markup is text or code, and links run only the named commands. */
import * as vscode from 'vscode';
import { markdownBlock, markdownText } from '../../shared/text/markdown';

export type HoverPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string; readonly language: string }
  | { readonly kind: 'commands'; readonly commands: readonly HoverCommand[] };

export interface HoverCommand {
  /** The extension's own text. */
  readonly label: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

/** The parts, each a paragraph. Only commands named by a part can run. */
export function hover(parts: readonly HoverPart[], range: vscode.Range): vscode.Hover {
  const text = new vscode.MarkdownString(parts.map(written).join('\n\n'));
  text.supportHtml = false;
  text.supportThemeIcons = false;
  const commands = parts.flatMap(part => (part.kind === 'commands' ? part.commands : []));
  text.isTrusted = { enabledCommands: commands.map(({ command }) => command) };
  return new vscode.Hover(text, range);
}

function written(part: HoverPart): string {
  if (part.kind === 'text') return markdownText(part.text);
  if (part.kind === 'code') return markdownBlock(part.text, part.language);
  return part.commands
    .map(({ label, command, arguments: given }) => {
      // A parenthesis would end the link.
      const query = given
        ? `?${encodeURIComponent(JSON.stringify(given)).replaceAll('(', '%28').replaceAll(')', '%29')}`
        : '';
      return `[${label}](command:${command}${query})`;
    })
    .join(' · ');
}
