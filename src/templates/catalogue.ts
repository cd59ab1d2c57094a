/** Reads and copies the shipped templates; shared by the extension and bpfw. */
import { access, constants, copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import type { ErrorTable } from '../shared/errors/error-table';
import { WorkbenchError } from '../shared/errors/workbench-error';
import { type TemplateManifest, TemplateManifestSchema } from '../shared/template/manifest';

export interface Template {
  readonly manifest: TemplateManifest;
  readonly folder: string;
  readonly sourcePath: string;
}

/** Why a template cannot be used. */
export const TEMPLATE_ERRORS = {
  'unknown-template': {
    means: 'There is no such template',
    fix: '`bpfw templates` lists them.',
  },
  'bad-template': {
    means: 'A template of the extension is damaged',
    fix: 'Install the extension again.',
  },
  'file-exists': {
    means: 'A file is there already and was not overwritten',
    fix: 'Choose another folder.',
  },
} as const satisfies ErrorTable;

export class TemplateError extends WorkbenchError<keyof typeof TEMPLATE_ERRORS> {
  override readonly name = 'TemplateError';
}

/** In display order. */
export const CATEGORIES = TemplateManifestSchema.entries.category.options;

/**
 * Sorted by category (in the order of CATEGORIES), then title. An invalid template is reported to `onProblem` and
 * omitted; without `onProblem`, throws TemplateError 'bad-template' with the file's name.
 */
export async function readCatalogue(
  root: string,
  onProblem?: (problem: TemplateError) => void,
): Promise<Template[]> {
  const names = await templateNames(root);
  const read = await Promise.all(
    names.map(name =>
      readTemplate(path.join(root, name)).catch((error: unknown) => {
        if (!onProblem || !(error instanceof TemplateError)) throw error;
        onProblem(error);
        return null;
      }),
    ),
  );
  return read
    .filter(template => template !== null)
    .sort(
      (a, b) =>
        CATEGORIES.indexOf(a.manifest.category) - CATEGORIES.indexOf(b.manifest.category) ||
        a.manifest.title.localeCompare(b.manifest.title),
    );
}

/** Throws TemplateError 'unknown-template' with a list of the templates. */
export async function findTemplate(root: string, name: string): Promise<Template> {
  const names = await templateNames(root);
  if (names.includes(name)) return readTemplate(path.join(root, name));
  throw new TemplateError(
    'unknown-template',
    `There is no template '${name}'. Templates: ${names.join(', ')}.`,
  );
}

/**
 * Copies a template's program and its own headers into a folder, which is created if missing. Returns the new
 * program's path. Never overwrites: throws TemplateError 'file-exists' before anything is written.
 */
export async function copyTemplate(template: Template, folder: string): Promise<string> {
  const files = (await readdir(template.folder)).filter(
    name => name.endsWith('.bpf.c') || name.endsWith('.h'),
  );
  await mkdir(folder, { recursive: true });
  const present = new Set(await readdir(folder));
  const taken = files.find(name => present.has(name));
  if (taken !== undefined) {
    throw new TemplateError(
      'file-exists',
      `${path.join(folder, taken)} already exists and was not overwritten. Choose another folder.`,
    );
  }
  for (const name of files) {
    await copyFile(path.join(template.folder, name), path.join(folder, name), constants.COPYFILE_EXCL);
  }
  return path.join(folder, path.basename(template.sourcePath));
}

async function templateNames(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries
    .filter(entry => entry.isDirectory() && entry.name !== 'include')
    .map(entry => entry.name)
    .sort();
}

async function readTemplate(folder: string): Promise<Template> {
  const file = path.join(folder, 'template.json');
  try {
    const manifest = v.parse(TemplateManifestSchema, JSON.parse(await readFile(file, 'utf8')));
    const sourcePath = path.join(folder, `${manifest.name}.bpf.c`);
    await access(sourcePath);
    return { manifest, folder, sourcePath };
  } catch (error) {
    throw new TemplateError(
      'bad-template',
      `${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
