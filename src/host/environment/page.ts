/** The page of BPF: Check Environment, as text for a webview without scripts. No `vscode`, so it can be tested alone. */

export interface EnvironmentRow {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What does not work because of it; '' when nothing is blocked. */
  readonly blocks: string;
  /** A command or a step; '' when there is none. */
  readonly mend: string;
}

export interface EnvironmentPage {
  readonly rows: readonly EnvironmentRow[];
  readonly cspSource: string;
  readonly styleNonce: string;
  /** Link that copies a text; a `command:` URI of an internal command. */
  copyLink(text: string): string;
  /** Link that checks again. */
  readonly againLink: string;
}

export function environmentHtml(page: EnvironmentPage): string {
  const failing = page.rows.filter(row => !row.ok);
  const summary =
    failing.length === 0
      ? 'Everything BPF Workbench needs is here.'
      : `${failing.length} of ${page.rows.length} checks need attention.`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${page.styleNonce}'">
<title>BPF Environment</title>
<style nonce="${page.styleNonce}">
body { padding: 0 1.5em 1.5em; max-width: 70em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5em .8em .5em 0; border-bottom: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); }
.mark { white-space: nowrap; }
.missing { color: var(--vscode-errorForeground); font-weight: 600; }
code { font-family: var(--vscode-editor-font-family); user-select: all; overflow-wrap: anywhere; }
p.more { margin: .3em 0 0; }
</style>
</head>
<body>
<h1>BPF environment</h1>
<p role="status">${escapeHtml(summary)} <a href="${escapeHtml(page.againLink)}">Check again</a></p>
<table>
<thead><tr><th scope="col">State</th><th scope="col">What</th><th scope="col">Found</th></tr></thead>
<tbody>
${page.rows.map(row => rowHtml(row, page)).join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

/** The same as text, for the log and for bug reports. */
export function environmentText(rows: readonly EnvironmentRow[]): string {
  return rows
    .map(row => {
      const blocks = row.ok || row.blocks === '' ? '' : `\n    blocks: ${row.blocks}`;
      const mend = row.ok || row.mend === '' ? '' : `\n    mend:   ${row.mend}`;
      return `${row.ok ? 'ok      ' : 'MISSING '}${row.what}: ${row.detail}${blocks}${mend}`;
    })
    .join('\n');
}

function rowHtml(row: EnvironmentRow, page: EnvironmentPage): string {
  const state = row.ok ? '<td class="mark">✓ ok</td>' : '<td class="mark missing">✗ missing</td>';
  const blocks =
    row.ok || row.blocks === '' ? '' : `<p class="more">Without it: ${escapeHtml(row.blocks)}</p>`;
  const mend =
    row.ok || row.mend === ''
      ? ''
      : `<p class="more">To mend it: <code>${escapeHtml(row.mend)}</code> <a href="${escapeHtml(page.copyLink(row.mend))}" aria-label="Copy: ${escapeHtml(row.mend)}">Copy</a></p>`;
  return `<tr>${state}<th scope="row">${escapeHtml(row.what)}</th><td>${escapeHtml(row.detail)}${blocks}${mend}</td></tr>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
