/** The page of BPF: Check Environment, as HTML for a webview without scripts. Does not import `vscode`, so it can be tested alone. */
import {
  type EnvironmentRow,
  type EnvironmentSection,
  environmentText,
  heading,
} from '../../system/environment-rows';

export interface EnvironmentPage {
  readonly sections: readonly EnvironmentSection[];
  readonly cspSource: string;
  readonly styleNonce: string;
  /** Link that copies a text: a `command:` URI of an internal command. */
  copyLink(text: string): string;
  /** Link that repeats the checks. */
  readonly againLink: string;
}

export function environmentHtml(page: EnvironmentPage): string {
  const rows = page.sections.flatMap(section => section.rows);
  const failing = rows.filter(row => !row.ok).length;
  const summary =
    failing === 0
      ? 'Everything BPF Workbench needs is available.'
      : `${failing} of ${rows.length} checks ${failing === 1 ? 'needs' : 'need'} attention. One working kernel is enough: this one or the sandbox VM's.`;
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
.mark { white-space: nowrap; width: 6em; }
.what { width: 12em; }
h2 { margin: 1.5em 0 .3em; font-size: 1.2em; font-weight: 600; }
.missing { color: var(--vscode-errorForeground); font-weight: 600; }
code { font-family: var(--vscode-editor-font-family); user-select: all; overflow-wrap: anywhere; }
p.more { margin: .3em 0 0; }
</style>
</head>
<body>
<h1>BPF environment</h1>
<p role="status">${escapeHtml(summary)}</p>
<p><a href="${escapeHtml(page.againLink)}">Check again</a> · <a href="${escapeHtml(page.copyLink(environmentText(page.sections)))}">Copy all as text</a></p>
${page.sections.map(section => sectionHtml(section, page)).join('\n')}
</body>
</html>
`;
}

function sectionHtml(section: EnvironmentSection, page: EnvironmentPage): string {
  return `<h2>${escapeHtml(heading(section))}</h2>
<table>
<thead><tr><th scope="col" class="mark">State</th><th scope="col" class="what">What</th><th scope="col">Found</th></tr></thead>
<tbody>
${section.rows.map(row => rowHtml(row, page)).join('\n')}
</tbody>
</table>`;
}

function rowHtml(row: EnvironmentRow, page: EnvironmentPage): string {
  const state = row.ok ? '<td class="mark">✓ ok</td>' : '<td class="mark missing">✗ missing</td>';
  const blocks =
    row.ok || row.blocks === '' ? '' : `<p class="more">Without it: ${escapeHtml(row.blocks)}</p>`;
  const fix =
    row.ok || row.fix === ''
      ? ''
      : `<p class="more">To fix it: <code>${escapeHtml(row.fix)}</code> <a href="${escapeHtml(page.copyLink(row.fix))}" aria-label="Copy: ${escapeHtml(row.fix)}">Copy</a></p>`;
  return `<tr>${state}<th scope="row">${escapeHtml(row.what)}</th><td>${escapeHtml(row.detail)}${blocks}${fix}</td></tr>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
