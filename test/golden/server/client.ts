/** A language client without an editor: starts the server as other editors do, over stdio, and speaks the protocol. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type {
  CodeAction,
  CompletionItem,
  CompletionList,
  Diagnostic,
  PublishDiagnosticsParams,
  TextEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { findClang } from '../../../src/compile/clang';
import { elfSection } from '../../unit/compile/toolchain';

export const repository = path.resolve(import.meta.dirname, '../../..');
/** Stands for the cursor in a test's text. */
export const CURSOR = '§';
const DEADLINE_MS = 15_000;

/** The server as the build makes it, in a folder of its own: tests do not depend on what lies in dist. */
export async function bundleServer(folder: string): Promise<string> {
  await promisify(execFile)(process.execPath, ['esbuild.mjs', '--only=server', `--outdir=${folder}`], {
    cwd: repository,
  });
  return path.join(folder, 'server.js');
}

/** BTF of the small kernel in kernel.c. */
export async function smallKernel(folder: string): Promise<string> {
  const object = path.join(folder, 'kernel.o');
  const { path: clang } = await findClang();
  const source = path.join(import.meta.dirname, 'kernel.c');
  execFileSync(clang, ['--target=bpf', '-g', '-O2', '-c', source, '-o', object]);
  elfSection(object, '.BTF');
  return `${object}.BTF`;
}

export class ServerUnderTest {
  private readonly published = new Map<string, PublishDiagnosticsParams>();
  private readonly waiting = new Set<(params: PublishDiagnosticsParams) => void>();
  private readonly documents = new Map<string, TextDocument>();
  readonly errors: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly connection: MessageConnection,
    readonly folder: string,
  ) {
    connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.published.set(params.uri, params);
      for (const listener of this.waiting) listener(params);
    });
    connection.onNotification('window/logMessage', ({ type, message }: { type: number; message: string }) => {
      if (type === 1) this.errors.push(message);
    });
    connection.listen();
  }

  /** Starts a server with these initializationOptions; scratch files go to a folder of its own. */
  static async start(
    serverPath: string,
    initializationOptions: Record<string, unknown> | undefined,
  ): Promise<ServerUnderTest> {
    return ServerUnderTest.run([process.execPath, serverPath, '--stdio'], initializationOptions);
  }

  /** On the small kernel of kernel.c, with the templates' header; the server is built in `folder`. */
  static async onSmallKernel(folder: string, more: Record<string, unknown> = {}): Promise<ServerUnderTest> {
    const [bundle, btfPath] = await Promise.all([bundleServer(folder), smallKernel(folder)]);
    return ServerUnderTest.start(bundle, {
      btfPath,
      includeFolders: [path.join(repository, 'bpf-templates/include')],
      attachCommand: 'bpf.compileAndAttach',
      ...more,
    });
  }

  /** Any language server: the benchmark's peer is one, too. */
  static async run(
    [command, ...args]: readonly [string, ...string[]],
    initializationOptions?: Record<string, unknown>,
  ): Promise<ServerUnderTest> {
    const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-server-'));
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (!child.stdout || !child.stdin) throw new Error('no pipes');
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const server = new ServerUnderTest(child, connection, folder);
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
      ...(initializationOptions ? { initializationOptions } : {}),
    });
    await connection.sendNotification('initialized', {});
    return server;
  }

  /** Of its process. */
  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the server has no process');
    return this.child.pid;
  }

  /** Ends the server as the protocol says; resolves with its exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>(resolve => this.child.once('exit', resolve));
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const code = await ended;
    this.connection.dispose();
    rmSync(this.folder, { recursive: true, force: true });
    return code;
  }

  /** stop(), and throws where the server did not end well or told of an error while it ran. */
  async stopWell(): Promise<void> {
    const code = await this.stop();
    if (code !== 0 || this.errors.length > 0)
      throw new Error(`the server ended with ${code}: ${this.errors.join('\n')}`);
  }

  uri(name: string): string {
    return pathToFileURL(path.join(this.folder, name)).href;
  }

  /** Opens a file (it need not be on the disk) or replaces its text; gives the cursor's offset, -1 without one. */
  async write(name: string, marked: string, languageId = 'c'): Promise<{ uri: string; offset: number }> {
    const uri = name.startsWith('file:') ? name : this.uri(name);
    const offset = marked.indexOf(CURSOR);
    const text = marked.replace(CURSOR, '');
    const open = this.documents.get(uri);
    const version = (open?.version ?? 0) + 1;
    const document = TextDocument.create(uri, languageId, version, text);
    this.documents.set(uri, document);
    await this.connection.sendNotification(
      open ? 'textDocument/didChange' : 'textDocument/didOpen',
      open
        ? { textDocument: { uri, version }, contentChanges: [{ text }] }
        : { textDocument: { uri, languageId, version, text } },
    );
    return { uri, offset };
  }

  document(uri: string): TextDocument {
    const document = this.documents.get(uri);
    if (!document) throw new Error(`${uri} is not open`);
    return document;
  }

  /** A request about the cursor of a text. */
  async at<T>(method: string, name: string, marked: string, more: object = {}): Promise<T> {
    const { uri, offset } = await this.write(name, marked);
    const position = this.document(uri).positionAt(offset);
    return this.connection.sendRequest<T>(method, { textDocument: { uri }, position, ...more });
  }

  async complete(name: string, marked: string, character?: string): Promise<CompletionItem[]> {
    const context =
      character === undefined ? { triggerKind: 1 } : { triggerKind: 2, triggerCharacter: character };
    const list = await this.at<CompletionList | null>('textDocument/completion', name, marked, { context });
    return list?.items ?? [];
  }

  /** Diagnostics of the present version, when the server has published them; `until`: those for which it is true. */
  async diagnostics(
    name: string,
    text: string,
    until: (found: readonly Diagnostic[]) => boolean = () => true,
  ): Promise<Diagnostic[]> {
    const { uri } = await this.write(name, text);
    const { version } = this.document(uri);
    const known = this.published.get(uri);
    if (known?.version === version && until(known.diagnostics)) return known.diagnostics;
    return new Promise((resolve, reject) => {
      const listener = (params: PublishDiagnosticsParams) => {
        if (params.uri !== uri || params.version !== version || !until(params.diagnostics)) return;
        clearTimeout(timer);
        this.waiting.delete(listener);
        resolve(params.diagnostics);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(listener);
        reject(new Error(`no diagnostics of ${uri} within ${DEADLINE_MS} ms`));
      }, DEADLINE_MS);
      this.waiting.add(listener);
    });
  }

  /** Quick fixes for one diagnostic. */
  async fixes(name: string, diagnostic: Diagnostic): Promise<CodeAction[]> {
    return this.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri: this.uri(name) },
      range: diagnostic.range,
      context: { diagnostics: [diagnostic] },
    });
  }

  /** The text after the quick fix of that title for one diagnostic. */
  async fixed(name: string, diagnostic: Diagnostic, title: string): Promise<string> {
    const uri = this.uri(name);
    const actions = await this.fixes(name, diagnostic);
    const action = actions.find(one => one.title === title);
    if (!action)
      throw new Error(`no fix "${title}" among ${actions.map(one => one.title).join(', ') || 'none'}`);
    const edits: TextEdit[] = action.edit?.changes?.[uri] ?? [];
    return TextDocument.applyEdits(this.document(uri), edits);
  }
}

export function exists(file: string): boolean {
  return existsSync(file);
}

export function scratch(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-server-build-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}
