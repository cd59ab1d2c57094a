/** docs/templates.md: the questions that each template answers and its requirements, by category. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** @param {string} root */
export async function templatesPage(root) {
  const folder = path.join(root, 'bpf-templates');
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter(entry => entry.isDirectory() && entry.name !== 'include')
    .map(entry => entry.name)
    .sort();
  const manifests = await Promise.all(
    names.map(async name => JSON.parse(await readFile(path.join(folder, name, 'template.json'), 'utf8'))),
  );
  const categories = [...new Set(manifests.map(manifest => manifest.category))].sort();
  const sections = categories.flatMap(category => [
    `## ${category.charAt(0).toUpperCase()}${category.slice(1)}`,
    '',
    ...manifests.filter(manifest => manifest.category === category).flatMap(template),
  ]);
  return [
    '# Templates',
    '',
    '<!-- Made by `npm run docs` from each template.json: change those, not this page. -->',
    '',
    `${manifests.length} programs after bcc's tracing examples, as modern libbpf CO-RE C. \`BPF: New Program from Template\` copies one into your folder; \`bpfw run NAME\` runs one as it is.`,
    '',
    ...sections,
  ].join('\n');
}

function template({ name, title, purpose, answers, needs, panels, parameters = {}, seedFunctions }) {
  const settings = Object.entries(parameters).map(
    ([parameter, { help }]) => `  - \`${parameter}\`${help ? `: ${help}` : ''}`,
  );
  return [
    `### ${title} (\`${name}\`)`,
    '',
    `${purpose}. [How to read it](../bpf-templates/${name}/README.md)`,
    '',
    ...answers.map(answer => `- ${answer}`),
    '',
    `Needs: ${needs.length > 0 ? needs.join('; ') : 'nothing special'}.  `,
    `Shown in: ${panels.join(', ')}.  `,
    `Covers: ${seedFunctions.join(', ') || 'none of the seed functions'}.`,
    '',
    ...(settings.length > 0 ? ['Parameters:', '', ...settings, ''] : []),
  ];
}
