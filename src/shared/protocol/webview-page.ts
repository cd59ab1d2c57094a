/** The HTML document of a panel's page, for the extension and for tests that serve pages themselves. */

export interface PageOptions {
  readonly title: string;
  /** webview.cspSource of the extension, or an origin in tests. */
  readonly cspSource: string;
  /** New random text per load, at least 128 bits, only letters and digits. */
  readonly nonce: string;
  readonly scriptUri: string;
  readonly styleUri: string;
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}

/**
 * SHA-256 of the empty text. The control library creates an empty style element and fills it with CSSOM calls, which the
 * policy does not restrict; so only the empty inline style has to be allowed.
 */
const EMPTY_STYLE_HASH = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/**
 * HTML of a page. It may load only the page's own script, style sheet, font and canvas images; it contains no data,
 * which arrives by postMessage after the page has sent 'ready'.
 */
export function webviewPageHtml(options: PageOptions): string {
  const source = escapeAttribute(options.cspSource);
  const nonce = escapeAttribute(options.nonce);
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} '${EMPTY_STYLE_HASH}'`,
    `font-src ${source}`,
    `img-src ${source} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeAttribute(options.styleUri)}">
<title>${escapeAttribute(options.title)}</title>
</head>
<body>
<main id="app"></main>
<script type="module" nonce="${nonce}" src="${escapeAttribute(options.scriptUri)}"></script>
</body>
</html>
`;
}
