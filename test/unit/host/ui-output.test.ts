/**
 * Holds that src/host/ui is the one door for text to VS Code: elsewhere in src/host nothing calls the functions and classes
 * that show text, and no text of a VS Code object is set but to the extension's own words. Asked of the type checker, so
 * that another way of writing it is found, too.
 */
import path from 'node:path';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import {
  isBinaryExpression,
  isCallExpression,
  isIdentifier,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isShorthandPropertyAssignment,
} from 'typescript/unstable/ast/is';
import { type Type, TypeFlags } from 'typescript/unstable/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceChecker } from '../source-checker';

const VSCODE = '/@types/vscode/index.d.ts';
/** log.ts escapes, too; it is apart because every room's words go there. */
const isDoor = (file: string) => file.startsWith('src/host/ui/') || file === 'src/host/common/log.ts';

/** What shows a text it is given, by its name in vscode.d.ts. */
const SHOWING: ReadonlySet<string> = new Set([
  ...['showInformationMessage', 'showWarningMessage', 'showErrorMessage', 'setStatusBarMessage'],
  ...[
    'withProgress',
    'withScmProgress',
    'Progress',
    'showQuickPick',
    'createQuickPick',
    'showInputBox',
    'createInputBox',
  ],
  ...['createStatusBarItem', 'createOutputChannel', 'createWebviewPanel', 'createTerminal', 'Pseudoterminal'],
  ...[
    'createInputBox',
    'createComment',
    'createSourceControl',
    'createTestController',
    'createLanguageStatusItem',
  ],
  ...['MarkdownString', 'Hover', 'CodeLens', 'CodeAction', 'Diagnostic', 'DiagnosticRelatedInformation'],
  ...['TreeItem', 'Task', 'ParameterInformation', 'SignatureInformation', 'CompletionItem', 'InlayHint'],
  ...['InlayHintLabelPart', 'InlineCompletionItem', 'FileDecoration', 'DocumentSymbol', 'SymbolInformation'],
]);
/** Of those, types that may be named everywhere: making one takes the class. */
const NAMED_FREELY: ReadonlySet<string> = new Set([
  ...['TreeItem', 'CodeLens', 'CodeAction', 'Diagnostic', 'Hover', 'Task'],
]);
/** Properties of VS Code's objects that are shown. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['label', 'description', 'detail', 'tooltip', 'title', 'text', 'message', 'placeholder', 'placeHolder'],
  ...['prompt', 'openLabel', 'saveLabel', 'validationMessage', 'value', 'contents', 'documentation', 'badge'],
  ...['accessibilityInformation', 'source', 'code'],
]);

interface Found {
  readonly file: string;
  readonly what: string;
}

describe('text on its way to VS Code', () => {
  let sources: SourceChecker;
  let found: readonly Found[];

  beforeAll(() => {
    sources = new SourceChecker();
    found = sources
      .filesIn('src/host')
      .flatMap(file => [...showing(file), ...settingTexts(file)].map(what => ({ file, what })));
  }, 60_000);
  afterAll(() => sources.close());

  it('passes src/host/ui, which escapes it', () => {
    expect(found.filter(({ file }) => !isDoor(file))).toEqual([]);
  });

  it('is seen where it passes', () => {
    const inDoor = found
      .filter(({ file }) => isDoor(file))
      .map(({ file, what }) => `${path.basename(file)} ${what}`);
    expect(inDoor).toEqual(
      expect.arrayContaining([
        'messages.ts showErrorMessage',
        'messages.ts withProgress',
        'inputs.ts createQuickPick',
        'items.ts TreeItem',
        'items.ts text =',
        'inputs.ts label:',
        'markdown.ts MarkdownString',
        'terminal.ts Pseudoterminal',
        'log.ts createOutputChannel',
      ]),
    );
  });

  /** Uses of what shows text. */
  function showing(file: string): string[] {
    return sources
      .usesOf(file, SHOWING, [VSCODE])
      .filter(({ parent, text }) => parent.kind !== SyntaxKind.QualifiedName || !NAMED_FREELY.has(text))
      .map(({ text }) => text);
  }

  /** Texts of VS Code's objects that are set to something but own words. */
  function settingTexts(file: string): string[] {
    return sources.nodesOf(file).flatMap(node => {
      if (
        isBinaryExpression(node) &&
        node.operatorToken.kind === SyntaxKind.EqualsToken &&
        isPropertyAccessExpression(node.left) &&
        TEXTS.has(node.left.name.text)
      ) {
        const symbol = sources.checker.getSymbolAtLocation(node.left.name);
        const isShown = symbol?.declarations.some(({ path }) => path.endsWith(VSCODE)) ?? false;
        return isShown && !isOwnWords(node.right) ? [`${node.left.name.text} =`] : [];
      }
      if (!isPropertyAssignment(node) && !isShorthandPropertyAssignment(node)) return [];
      if (!isIdentifier(node.name) || !TEXTS.has(node.name.text)) return [];
      const literal = node.parent;
      if (!isObjectLiteralExpression(literal)) return [];
      const type = sources.checker.getContextualType(literal);
      const symbol = type && propertyOf(type, node.name.text);
      if (!symbol?.declarations.some(({ path }) => path.endsWith(VSCODE))) return [];
      return isOwnWords(isPropertyAssignment(node) ? node.initializer : node.name)
        ? []
        : [`${node.name.text}:`];
    });
  }

  /** The property of the type, or of one in a union that has it. */
  function propertyOf(type: Type, name: string) {
    const of = sources.checker.getPropertyOfType(type, name);
    if (of || !type.isUnionType()) return of;
    return type
      .getTypes()
      .map(each => sources.checker.getPropertyOfType(each, name))
      .find(each => each !== undefined);
  }

  /** Text that stands in the source, or that was escaped on the spot. */
  function isOwnWords(value: Node): boolean {
    if (
      isCallExpression(value) &&
      isIdentifier(value.expression) &&
      value.expression.text === 'escapeMessage'
    )
      return true;
    const type = sources.checker.getTypeAtLocation(value);
    const types = type?.isUnionType() ? type.getTypes() : [type];
    return types.every(
      each => each && (each.flags & (TypeFlags.StringLiteral | TypeFlags.Undefined | TypeFlags.Null)) !== 0,
    );
  }
});
