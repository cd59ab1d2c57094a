/** BPF: Export Data: the formats that the shown session's panels can write; the user picks one unless the caller did. */
import type * as vscode from 'vscode';
import type { PanelName } from '../../shared/object/panels';
import { EXPORT_KINDS, type ExportKind } from '../../shared/protocol/webview-exports';
import { PANEL_TITLES } from '../common/command-ids';
import { Cancelled, errors } from '../common/errors';
import type { SessionList } from '../sessions/session-list';
import { Heading, pickOne } from '../ui/inputs';
import type { PanelProvider } from './panel-provider';

export interface ExportRequest {
  /** Only the formats of this panel. */
  readonly panel?: PanelName | undefined;
  /** Id of an EXPORT_KINDS entry of that panel; if set, the user is not asked. */
  readonly kind?: string | undefined;
  /** Where to write; if set, no dialog is shown. */
  readonly file?: vscode.Uri | undefined;
}

/** Resolves with the file that was written, or null if the user cancelled the save dialog. Throws errors for the user. */
export async function exportData(
  providers: Readonly<Record<PanelName, PanelProvider>>,
  sessions: SessionList,
  request: ExportRequest,
): Promise<vscode.Uri | null> {
  const shown = sessions.shown;
  if (!shown) throw errors.nothingToExport();
  const panels = request.panel ? [request.panel] : shown.panels;
  const chosen = givenKind(request) ?? (await pickKind(shown.summary.title, panels));
  return providers[chosen.panel].export(chosen.kind, request.file ?? null);
}

interface Choice {
  readonly panel: PanelName;
  readonly kind: ExportKind;
}

function givenKind({ panel, kind: id }: ExportRequest): Choice | null {
  const kinds: readonly ExportKind[] = panel ? EXPORT_KINDS[panel] : [];
  const kind = kinds.find(each => each.id === id);
  return panel && kind ? { panel, kind } : null;
}

async function pickKind(title: string, panels: readonly PanelName[]): Promise<Choice> {
  const items = panels.flatMap(panel => [
    new Heading(PANEL_TITLES[panel]),
    ...EXPORT_KINDS[panel].map(kind => ({
      label: kind.label,
      detail: kind.detail,
      choice: { panel, kind } satisfies Choice,
    })),
  ]);
  const picked = await pickOne(items, {
    title: `Export Data of ${title}`,
    placeholder: 'What do you want to export?',
  });
  if (!picked) throw new Cancelled();
  return picked.choice;
}
