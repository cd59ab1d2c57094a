import path from 'node:path';
import { copyTemplate, findTemplate } from '../../templates/catalogue';
import { print } from '../print/terminal';
import { TEMPLATES_FOLDER } from '../workplace/paths';

/** `bpfw new TEMPLATE [DIR]`: copies, never overwrites, prints the new program's path. */
export async function newCommand(name: string, folder: string | undefined): Promise<void> {
  const template = await findTemplate(TEMPLATES_FOLDER, name);
  const program = await copyTemplate(template, path.resolve(folder ?? '.'));
  print(path.relative(process.cwd(), program));
}
