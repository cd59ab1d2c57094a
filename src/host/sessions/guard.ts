import * as vscode from 'vscode';
import { OverheadGuard, watchOverhead } from '../../session/tracing/overhead-guard';
import type { TracingSession } from '../../session/tracing/tracing-session';
import { CommandIds, SettingIds } from '../common/command-ids';
import type { Log } from '../common/log';
import { settings } from '../common/settings';
import { notify } from '../ui/messages';
import type { SessionModel } from './session-model';

/** Detaches the session if it costs more than bpf.guard.cpuPercent allows, and notifies the user; resolves when the session ends. */
export async function guardSession(model: SessionModel, session: TracingSession, log: Log): Promise<void> {
  const limitPercent = settings.guardCpuPercent();
  if (limitPercent === 0) return;
  const why = await watchOverhead(session, new OverheadGuard(limitPercent), line => log.warn(line));
  if (why === null || !model.isLive) return;
  const { title } = model.summary;
  log.warn(`${title}: ${why}`);
  await model.end('ended', why);
  const again = 'Attach Again';
  const change = 'Change Limit';
  const choice = await notify('warning', `${title}: ${why}`, again, change);
  if (choice === again) await vscode.commands.executeCommand(CommandIds.attachAgain, model);
  if (choice === change)
    await vscode.commands.executeCommand('workbench.action.openSettings', SettingIds.guardCpuPercent);
}
