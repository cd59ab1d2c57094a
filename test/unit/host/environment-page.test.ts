import { describe, expect, it } from 'vitest';
import { environmentHtml } from '../../../src/host/environment/environment-page';
import { environmentText } from '../../../src/system/environment-rows';

const rows = [
  {
    what: 'clang',
    ok: true,
    detail: 'clang 16 at /usr/bin/clang-16',
    blocks: '',
    fix: '',
  },
  {
    what: 'kernel <img src=x onerror=alert(1)>',
    ok: false,
    detail: '"quoted" & hostile',
    blocks: 'attaching',
    fix: "echo 'a' && b",
  },
];
const sections = [{ area: 'compiling' as const, rows }];
const html = environmentHtml({
  sections,
  cspSource: 'vscode-webview:',
  styleNonce: 'abc',
  copyLink: text => `command:_bpf.copyText?${encodeURIComponent(JSON.stringify([text]))}`,
  againLink: 'command:bpf.checkEnvironment',
});

describe('environment page', () => {
  it('shows a fix only where something is missing', () => {
    expect(html.match(/To fix it/g)).toHaveLength(1);
    expect(html).toContain('1 of 2 checks needs attention');
    expect(html).toContain('echo &#39;a&#39; &#38;&#38; b');
  });

  it('can be copied as the text that bpfw doctor prints', () => {
    const text = environmentText(sections);
    expect(text).toMatchInlineSnapshot(`
      "Compiling: 1 of 2 needs attention
        ok       clang: clang 16 at /usr/bin/clang-16
        missing  kernel <img src=x onerror=alert(1)>: "quoted" & hostile
                 blocks: attaching
                 fix:    echo 'a' && b"
    `);
    expect(html).toContain(encodeURIComponent(JSON.stringify([text])).replaceAll("'", '&#39;'));
  });

  it('keeps hostile text inert and allows no script', () => {
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<script');
    expect(html).toContain("default-src 'none'");
  });
});
