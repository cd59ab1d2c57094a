import { describe, expect, it } from 'vitest';
import { environmentHtml, environmentText } from '../../../src/host/environment/page';

const rows = [
  {
    what: 'clang',
    ok: true,
    detail: 'clang 16 at /usr/bin/clang-16',
    blocks: 'compiling',
    mend: 'sudo apt-get install clang',
  },
  {
    what: 'kernel <img src=x onerror=alert(1)>',
    ok: false,
    detail: '"quoted" & hostile',
    blocks: 'attaching',
    mend: "echo 'a' && b",
  },
];
const html = environmentHtml({
  rows,
  cspSource: 'vscode-webview:',
  styleNonce: 'abc',
  copyLink: text => `command:_bpf.copyText?${encodeURIComponent(JSON.stringify([text]))}`,
  againLink: 'command:bpf.checkEnvironment',
});

describe('environment page', () => {
  it('shows a mend only where something is missing', () => {
    expect(html).not.toContain('apt-get');
    expect(html).toContain('1 of 2 checks need attention');
    expect(html).toContain('echo &#39;a&#39; &#38;&#38; b');
    expect(environmentText(rows)).toMatchInlineSnapshot(`
      "ok      clang: clang 16 at /usr/bin/clang-16
      MISSING kernel <img src=x onerror=alert(1)>: "quoted" & hostile
          blocks: attaching
          mend:   echo 'a' && b"
    `);
  });

  it('keeps hostile text inert and allows no script', () => {
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<script');
    expect(html).toContain("default-src 'none'");
  });
});
