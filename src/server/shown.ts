/**
 * The server's text on its way to the client: names of the kernel and of binaries and comments of files are in all of
 * it, and an editor makes links, images and icons of text. Every answer passes here (connection.ts).
 */
import {
  type CodeAction,
  type CodeLens,
  type CompletionItem,
  type CompletionList,
  type Diagnostic,
  type DocumentSymbol,
  type Hover,
  MarkupContent,
  type SignatureHelp,
} from 'vscode-languageserver/node';
import { escapeMessage } from '../shared/text/escape';
import { inertMarkdown } from '../shared/text/markdown';

export function shownHover(hover: Hover | null): Hover | null {
  return hover && MarkupContent.is(hover.contents)
    ? { ...hover, contents: { ...hover.contents, value: inertMarkdown(hover.contents.value) } }
    : hover;
}

export function shownSignatures(help: SignatureHelp | null): SignatureHelp | null {
  return (
    help && {
      ...help,
      signatures: help.signatures.map(each => ({ ...each, ...documentationOf(each.documentation) })),
    }
  );
}

/** Items in which nothing had to be escaped: lists have hundreds of the same at each keystroke. */
const harmless = new WeakSet<CompletionItem>();

/** The label is shown escaped; the filtered and inserted text stays the name itself. */
export function shownItem(item: CompletionItem): CompletionItem {
  if (harmless.has(item)) return item;
  const label = escapeMessage(item.label);
  const detail = item.detail === undefined ? undefined : escapeMessage(item.detail);
  if (label === item.label && detail === item.detail && item.documentation === undefined) {
    harmless.add(item);
    return item;
  }
  return {
    ...item,
    ...(label === item.label
      ? {}
      : { label, insertText: item.insertText ?? item.label, filterText: item.filterText ?? item.label }),
    ...(detail === undefined ? {} : { detail }),
    ...documentationOf(item.documentation),
  };
}

export function shownList(list: CompletionList): CompletionList {
  return { ...list, items: list.items.map(shownItem) };
}

export function shownLens(lens: CodeLens): CodeLens {
  return lens.command
    ? { ...lens, command: { ...lens.command, title: escapeMessage(lens.command.title) } }
    : lens;
}

export function shownAction(action: CodeAction): CodeAction {
  return { ...action, title: escapeMessage(action.title) };
}

export function shownSymbol(symbol: DocumentSymbol): DocumentSymbol {
  return {
    ...symbol,
    name: escapeMessage(symbol.name),
    ...(symbol.detail === undefined ? {} : { detail: escapeMessage(symbol.detail) }),
    ...(symbol.children && { children: symbol.children.map(shownSymbol) }),
  };
}

export function shownDiagnostic(diagnostic: Diagnostic): Diagnostic {
  const { message } = diagnostic;
  return {
    ...diagnostic,
    message: MarkupContent.is(message)
      ? { ...message, value: inertMarkdown(message.value) }
      : escapeMessage(message),
  };
}

function documentationOf(documentation: string | MarkupContent | undefined) {
  return MarkupContent.is(documentation)
    ? { documentation: { ...documentation, value: inertMarkdown(documentation.value) } }
    : {};
}
