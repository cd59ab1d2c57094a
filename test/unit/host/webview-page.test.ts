import { describe, expect, it } from 'vitest';
import { webviewPageHtml } from '../../../src/shared/protocol/webview-page';

describe('the document of a panel', () => {
  it('runs no script but its own, and takes no text into its markup', () => {
    const html = webviewPageHtml({
      title: '<img src=x onerror=alert(1)>',
      cspSource: "https://host' 'unsafe-inline",
      nonce: 'abc123',
      scriptUri: 'main.js"></script><script>alert(1)</script>',
      styleUri: 'page.css',
    });
    const policy = /content="(default-src[^"]*)"/.exec(html)?.[1]?.replaceAll('&#39;', "'") ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy.split('; ').filter(part => part.startsWith('script-src'))).toEqual([
      "script-src 'nonce-abc123'",
    ]);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain('<img');
  });
});
