import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type TemplateManifest, TemplateManifestSchema } from '../../../src/shared/template/manifest';

export const templatesFolder = path.resolve(__dirname, '../../../bpf-templates');
export const includeFolder = path.join(templatesFolder, 'include');

export interface TemplateFolder {
  readonly name: string;
  readonly sourcePath: string;
  readonly source: string;
  readonly manifest: TemplateManifest;
  readonly readme: string;
}

/** Every folder of bpf-templates but include; throws for one that lacks a file or whose manifest does not fit. */
export function readTemplates(): TemplateFolder[] {
  return readdirSync(templatesFolder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name !== 'include')
    .map(({ name }) => {
      const file = (last: string): string => path.join(templatesFolder, name, last);
      for (const needed of [`${name}.bpf.c`, 'template.json', 'README.md']) {
        if (!existsSync(file(needed))) throw new Error(`bpf-templates/${name} lacks ${needed}`);
      }
      return {
        name,
        sourcePath: file(`${name}.bpf.c`),
        source: readFileSync(file(`${name}.bpf.c`), 'utf8'),
        manifest: v.parse(TemplateManifestSchema, JSON.parse(readFileSync(file('template.json'), 'utf8'))),
        readme: readFileSync(file('README.md'), 'utf8'),
      };
    });
}
