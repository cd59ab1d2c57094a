/** Connects the protocol's requests to the features. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CancellationToken,
  type Connection,
  LSPErrorCodes,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { isBpfSource } from '../shared/bpf/bpf-source';
import { escapeLines } from '../shared/text/escape';
import type { Analysis } from './analysis/analysis';
import { withDocumentation } from './features/call-docs';
import { codeLenses } from './features/code-lens';
import { complete } from './features/completion';
import { codeActions, diagnose } from './features/diagnostics';
import { hover } from './features/hover';
import { signatureHelp } from './features/signature-help';
import { definitions, definitionsFromUserSpace, documentSymbols, references } from './features/symbols';
import { type AskSettings, Projects } from './projects';
import { readSettings, type ServerSettings } from './settings';
import {
  shownAction,
  shownDiagnostic,
  shownHover,
  shownItem,
  shownLens,
  shownList,
  shownSignatures,
  shownSymbol,
} from './shown';
import { Workspace } from './workspace';

/** Wait while the user types: problems of a half-written word are noise. */
const DIAGNOSTICS_DELAY_MS = 150;

/** Serves one client until it sends exit. `parserFolder` holds the .wasm files. */
export function serve(connection: Connection, parserFolder: string): void {
  const documents = new TextDocuments(TextDocument);
  const timers = new Map<string, NodeJS.Timeout>();
  let workspace: Workspace | null = null;
  const say = (message: string) => connection.console.info(escapeLines(message));

  /** What was published for a document's version: a file may become a program while it is written. */
  const known = new WeakMap<TextDocument, { readonly version: number; readonly isProgram: boolean }>();
  function isProgram(document: TextDocument): boolean {
    const before = known.get(document);
    if (before?.version === document.version) return before.isProgram;
    const isOne = isBpfSource(document.uri, () => document.getText());
    known.set(document, { version: document.version, isProgram: isOne });
    return isOne;
  }
  const marked = new Set<string>();

  let askSettings: AskSettings = async () => null;
  function open(settings: ServerSettings): Workspace {
    const projects = new Projects(settings.mayRunMake, askSettings, uri => {
      workspace?.refresh(uri);
      const document = documents.get(uri);
      if (document) schedule(document, 0);
    });
    return new Workspace(settings, parserFolder, projects, say, () => {
      for (const document of documents.all()) schedule(document, 0);
    });
  }

  connection.onInitialize(({ initializationOptions, capabilities, workspaceFolders }) => {
    if (capabilities.workspace?.configuration)
      askSettings = uri => configured(connection, uri, workspaceFolders ?? []);
    workspace = open(readSettings(initializationOptions));
    return {
      serverInfo: { name: 'bpf-workbench' },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        completionProvider: {
          resolveProvider: true,
          triggerCharacters: ['"', '/', ':', '>', '.', '(', ',', '?', '&'],
        },
        hoverProvider: true,
        signatureHelpProvider: { triggerCharacters: ['(', ','] },
        documentSymbolProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix'] },
        codeLensProvider: {},
      },
    };
  });
  connection.onDidChangeConfiguration(({ settings }) => {
    workspace = open(readSettings(settings));
    for (const document of documents.all()) schedule(document, 0);
  });

  function schedule(document: TextDocument, delayMs: number): void {
    clearTimeout(timers.get(document.uri));
    if (!isProgram(document)) {
      if (marked.delete(document.uri))
        void connection.sendDiagnostics({ uri: document.uri, version: document.version, diagnostics: [] });
      return;
    }
    const timer = setTimeout(() => void publish(document), delayMs);
    timers.set(document.uri, timer);
  }

  async function publish(document: TextDocument): Promise<void> {
    timers.delete(document.uri);
    const { uri, version } = document;
    try {
      const analysis = await workspace?.analyse(document);
      // Closed or changed meanwhile: the next run reports it.
      if (!analysis || documents.get(uri)?.version !== version) return;
      marked.add(uri);
      await connection.sendDiagnostics({
        uri,
        version,
        diagnostics: diagnose(analysis, document).map(shownDiagnostic),
      });
    } catch (error) {
      connection.console.error(
        escapeLines(`checks of ${uri}: ${error instanceof Error ? error.stack : error}`),
      );
    }
  }

  documents.onDidChangeContent(({ document }) =>
    schedule(document, document.version <= 1 ? 0 : DIAGNOSTICS_DELAY_MS),
  );
  documents.onDidClose(({ document }) => {
    clearTimeout(timers.get(document.uri));
    timers.delete(document.uri);
    workspace?.forget(document.uri);
    marked.delete(document.uri);
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
  });

  /** Runs a feature on the present version of a program; null for other files and for cancelled requests. */
  async function about<T>(
    uri: string,
    token: CancellationToken,
    feature: (analysis: Analysis, document: TextDocument) => T | Promise<T>,
  ): Promise<T | null> {
    const document = documents.get(uri);
    if (!document || !isProgram(document) || !workspace) return null;
    const { version } = document;
    const analysis = await workspace.analyse(document);
    // Process pending messages first: a newer keystroke cancels this request.
    await new Promise(resolve => setImmediate(resolve));
    if (token.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
    const present = documents.get(uri);
    if (!present) return null;
    return feature(present.version === version ? analysis : await workspace.analyse(present), present);
  }

  /** The list requested last: clients resolve items of that list only. */
  let completed: Analysis | null = null;
  connection.onCompletion(({ textDocument, position, context }, token) =>
    about(textDocument.uri, token, async (analysis, document) => {
      completed = analysis;
      const wasAsked = context?.triggerKind !== 2;
      return shownList(await complete(analysis, document, document.offsetAt(position), wasAsked));
    }),
  );
  connection.onCompletionResolve(item => (completed ? shownItem(withDocumentation(completed, item)) : item));
  connection.onHover(({ textDocument, position }, token) =>
    about(textDocument.uri, token, (analysis, document) =>
      shownHover(hover(analysis, document, document.offsetAt(position))),
    ),
  );
  connection.onSignatureHelp(({ textDocument, position }, token) =>
    about(textDocument.uri, token, (analysis, document) =>
      shownSignatures(signatureHelp(analysis, document.offsetAt(position))),
    ),
  );
  connection.onDocumentSymbol(({ textDocument }, token) =>
    about(textDocument.uri, token, (analysis, document) =>
      documentSymbols(analysis, document).map(shownSymbol),
    ),
  );
  connection.onDefinition(async ({ textDocument, position }, token) => {
    const document = documents.get(textDocument.uri);
    if (document && workspace && !isProgram(document) && document.uri.startsWith('file:'))
      return definitionsFromUserSpace(
        document.getText(),
        document.offsetAt(position),
        path.dirname(fileURLToPath(document.uri)),
        workspace.headers,
      );
    return about(textDocument.uri, token, (analysis, present) =>
      definitions(analysis, present, present.offsetAt(position)),
    );
  });
  connection.onReferences(({ textDocument, position, context }, token) =>
    about(textDocument.uri, token, (analysis, document) =>
      references(analysis, document, document.offsetAt(position), context.includeDeclaration),
    ),
  );
  connection.onCodeLens(({ textDocument }, token) =>
    about(textDocument.uri, token, (analysis, document) => {
      const { codeLens, attachCommand } = workspace?.settings ?? { codeLens: false, attachCommand: '' };
      return codeLens ? codeLenses(analysis, document, attachCommand).map(shownLens) : [];
    }),
  );
  connection.onCodeAction(({ textDocument, context, range }) => {
    const document = documents.get(textDocument.uri);
    return document ? codeActions(document, context.diagnostics, range).map(shownAction) : null;
  });

  documents.listen(connection);
  connection.listen();
}

/** The client's settings `bpf.…` for a file, with the folder that relative paths are relative to. */
async function configured(
  connection: Connection,
  uri: string,
  folders: readonly { readonly uri: string }[],
): Promise<unknown> {
  const settings: unknown = await connection.workspace.getConfiguration({ scopeUri: uri, section: 'bpf' });
  const [nearest] = folders
    .filter(folder => folder.uri.startsWith('file:') && uri.startsWith(`${folder.uri}/`))
    .sort((a, b) => b.uri.length - a.uri.length);
  return { ...(settings ?? {}), folder: nearest && fileURLToPath(nearest.uri) };
}
