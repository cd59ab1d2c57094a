/** docs/verifier.md: the verifier's rejections, from src/shared/verifier/catalogue. */
import path from 'node:path';
import esbuild from 'esbuild';

/** @param {string} root */
export async function verifierPage(root) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [path.join(root, 'src/shared/verifier/catalogue/index.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  const { ALL_ENTRIES } = await import(`data:text/javascript;base64,${source}`);
  return [
    '# What the verifier refuses, and what to do about it',
    '',
    '<!-- Made by `npm run docs` from src/shared/verifier/catalogue: change that, not this page. -->',
    '',
    'Before the kernel runs a BPF program its verifier walks every path through it and proves that it ends, touches only memory it may touch, and gives back what it takes. What it refuses is shown on the C line it is about, in the editor and by `bpfw verify`; `bpfw explain FILE.log` does the same for a log from anywhere, in whatever a loader or a logger put around it; what loaders refuse before the verifier has a code here, too. Each kind of rejection has a code, which does not change:',
    '',
    ...ALL_ENTRIES.map(entry => `- [${entry.code}](#${entry.code}): ${entry.title}`),
    '',
    ...ALL_ENTRIES.flatMap(section),
  ].join('\n');
}

function section(entry) {
  const example = entry.example
    ? [
        'Refused:',
        '',
        '```c',
        entry.example.wrong,
        '```',
        '',
        'Accepted:',
        '',
        '```c',
        entry.example.right,
        '```',
        '',
      ]
    : [];
  return [
    `## ${entry.code}`,
    '',
    `**${entry.title}.** ${escaped(entry.why)}`,
    '',
    escaped(entry.fix),
    '',
    ...example,
  ];
}

/** Escapes underscores and stars: they are C, not emphasis. */
const escaped = text => text.replace(/[*_<>]/g, '\\$&');
