import { readCatalogue } from '../../templates/catalogue';
import { printJson } from '../print/json';
import { tableRows } from '../print/table';
import { print } from '../print/terminal';
import { TEMPLATES_FOLDER } from '../workplace/paths';

/** `bpfw templates`: the catalogue; with --json one manifest per line. */
export async function templatesCommand(options: { readonly json?: boolean }): Promise<void> {
  const templates = await readCatalogue(TEMPLATES_FOLDER);
  if (options.json) {
    for (const { manifest } of templates) printJson({ type: 'template', ...manifest });
    return;
  }
  const rows = templates.map(({ manifest }) => [manifest.name, manifest.category, manifest.purpose]);
  print(tableRows(['TEMPLATE', 'CATEGORY', 'PURPOSE'], rows));
}
