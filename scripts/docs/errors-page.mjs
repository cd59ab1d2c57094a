/** docs/errors.md: every code of ours, from the tables where the codes are defined. */
import esbuild from 'esbuild';

/** Title of each table's section, and where it is. */
const TABLES = [
  ['Starting and tracing', 'src/session/errors.ts', 'SESSION_ERRORS'],
  ['Loading and attaching', 'src/shared/protocol/tracer-errors.ts', 'TRACER_ERRORS'],
  ['Object files', 'src/shared/elf/object-error.ts', 'OBJECT_ERRORS'],
  ['Compiling', 'src/compile/environment-error.ts', 'COMPILE_ERRORS'],
  ['Sandbox VM', 'src/session/vm/vm-error.ts', 'VM_ERRORS'],
  ['bpfw trace', 'src/trace/trace-error.ts', 'TRACE_ERRORS'],
  ['Templates', 'src/templates/catalogue.ts', 'TEMPLATE_ERRORS'],
  ['Export', 'src/shared/export/model.ts', 'EXPORT_ERRORS'],
  ['Files that programs name', 'src/system/untrusted-file.ts', 'FILE_ERRORS'],
];

/** @param {string} root */
export async function errorsPage(root) {
  const contents = TABLES.map(([, file, name]) => `export { ${name} } from './${file}';`).join('\n');
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  const tables = await import(`data:text/javascript;base64,${source}`);
  return [
    '# Errors',
    '',
    '<!-- Made by `npm run docs` from the tables beside each error class: change those, not this page. -->',
    '',
    'Every message says what failed, the errno where there is one, and what to do. Behind it is a code, which does not change; BPF: Show Log has it in front of the error. What the verifier refuses has [codes of its own](verifier.md).',
    '',
    ...TABLES.flatMap(([title, , name]) => [
      `## ${title}`,
      '',
      '| code | what it means | what to do |',
      '|---|---|---|',
      ...Object.entries(tables[name]).map(([code, { means, fix }]) => `| \`${code}\` | ${means} | ${fix} |`),
      '',
    ]),
  ].join('\n');
}
