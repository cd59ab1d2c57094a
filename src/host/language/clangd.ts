/** BPF: Configure clangd: writes the compile flags of BPF programs into the workspace's .clangd, and offers to do so once. */
import * as vscode from 'vscode';
import { findClang } from '../../compile/clang';
import { clangdConfiguration, findLibbpfHeaders } from '../../compile/flags';
import { btfSource, ensureVmlinuxHeader } from '../../compile/vmlinux-cache';
import { hasOwnPart, mergeClangd } from '../../project/clangd-file';
import { projectFlags } from '../../project/project-flags';
import { defaultCacheFolder } from '../../system/cache-files';
import { CommandIds } from '../common/command-ids';
import { errors } from '../common/errors';
import { isProgramFile } from '../common/program-files';
import { isRegularFile } from '../common/regular-file';
import { settings } from '../common/settings';
import type { Targets } from '../targets/targets';
import { notify, withProgress } from '../ui/messages';

const CLANGD_EXTENSION = 'llvm-vs-code-extensions.vscode-clangd';
const ASKED_KEY = 'bpf.clangd.asked';

/**
 * Writes .clangd into the workspace folder that contains `program` (else the first) and returns its location. Existing
 * content is kept. Throws CompileEnvironmentError, SessionError, VmError or UserError.
 */
export async function configureClangd(
  targets: Targets,
  includeFolder: string,
  program: vscode.Uri | undefined,
): Promise<vscode.Uri> {
  const folder =
    (program && vscode.workspace.getWorkspaceFolder(program)) ?? vscode.workspace.workspaceFolders?.[0];
  if (!folder) throw errors.noFolder();
  const text = await withProgress(
    { where: 'notification', title: 'Configuring clangd for BPF programs' },
    report => configurationText(targets, includeFolder, program ?? folder.uri, report),
  );
  const file = vscode.Uri.joinPath(folder.uri, '.clangd');
  const existing = await readText(file);
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(mergeClangd(existing, text)));
  if (vscode.extensions.getExtension(CLANGD_EXTENSION))
    await vscode.commands.executeCommand('clangd.restart');
  return file;
}

async function configurationText(
  targets: Targets,
  includeFolder: string,
  program: vscode.Uri,
  report: (step: string) => void,
): Promise<string> {
  const setting = settings.clangPath();
  const clang = await findClang(setting === undefined ? {} : { setting });
  const given = settings.givenFlags(program);
  const project = isProgramFile(program)
    ? await projectFlags({
        ...{ source: program.fsPath, wanted: settings.flagsFrom(program), given },
        ...{ mayRunMake: vscode.workspace.isTrusted, cacheFolder: defaultCacheFolder() },
      })
    : null;
  const libbpfFolder = await findLibbpfHeaders(project?.libbpfFolder ?? '');
  const { target } = await targets.choose(null);
  const { bytes, btf } = await targets.withBootSteps(report, () => target.readBtf());
  const vmlinuxFolder = await ensureVmlinuxHeader(
    btfSource(bytes, () => btf),
    defaultCacheFolder(),
  );
  return clangdConfiguration({
    ...{ clang, libbpfFolder, vmlinuxFolder },
    includeFolders: [includeFolder],
    extraFlags: project?.flags ?? [],
  });
}

async function readText(file: vscode.Uri): Promise<string | null> {
  // The file comes from the workspace and is read when a program is opened.
  if (!(await isRegularFile(file))) return null;
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return null;
    throw error;
  }
}

/** Offers the command when a program is opened while clangd runs without our configuration; once per workspace. */
export class ClangdPrompt implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;

  constructor(private readonly memory: vscode.Memento) {
    const opened = (document: vscode.TextDocument) => {
      if (isProgramFile(document.uri)) void this.offer(document.uri);
    };
    for (const document of vscode.workspace.textDocuments) opened(document);
    this.subscription = vscode.workspace.onDidOpenTextDocument(opened);
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private async offer(program: vscode.Uri): Promise<void> {
    if (this.memory.get<boolean>(ASKED_KEY) || !vscode.workspace.isTrusted) return;
    const folder = vscode.workspace.getWorkspaceFolder(program);
    if (!folder || !vscode.extensions.getExtension(CLANGD_EXTENSION)) return;
    const existing = await readText(vscode.Uri.joinPath(folder.uri, '.clangd')).catch(() => null);
    if (existing !== null && hasOwnPart(existing)) return;
    await this.memory.update(ASKED_KEY, true);
    const configure = 'Configure clangd';
    const picked = await notify(
      'information',
      'clangd does not know the compile flags of BPF programs and will report false errors. Add them to .clangd?',
      configure,
      'Not Now',
    );
    if (picked === configure) await vscode.commands.executeCommand(CommandIds.configureClangd, program);
  }
}
