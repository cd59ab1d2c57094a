/**
 * Files in features/: a program with @@ where a case's text goes, then the cases. Each is "=== request", the text with the
 * cursor, a line "---", and the server's answer. Without @@ the text is an edit of the program instead: "old => new", or
 * some of it with the cursor in it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CURSOR } from './client';

export const FEATURES = path.join(import.meta.dirname, 'features');
const CASE = /^=== (.+)\n([\s\S]*?)\n---\n([\s\S]*?)(?=^=== |(?![\s\S]))/gm;

export interface FeatureCase {
  readonly request: string;
  readonly text: string;
  readonly answer: string;
  /** The whole program with the cursor. */
  readonly program: string;
}

export function readCases(file: string): { readonly template: string; readonly cases: FeatureCase[] } {
  const all = readFileSync(path.join(FEATURES, file), 'utf8');
  const template = /^=== template\n([\s\S]*?)(?=^=== )/m.exec(all)?.[1];
  if (template === undefined) throw new Error(`${file} begins with no template`);
  const cases = [...all.slice('=== template\n'.length + template.length).matchAll(CASE)].map(
    ([, request = '', text = '', answer = '']) => ({
      request,
      text,
      answer,
      program: programOf(template, text),
    }),
  );
  return { template, cases };
}

export function writeCases(file: string, template: string, cases: readonly FeatureCase[]): void {
  const texts = cases.map(({ request, text, answer }) => `=== ${request}\n${text}\n---\n${answer}`);
  writeFileSync(path.join(FEATURES, file), `=== template\n${template}${texts.join('')}`);
}

function programOf(template: string, text: string): string {
  if (template.includes('@@')) return template.replace('@@', () => text);
  const [old = '', edited] = text.split(' => ');
  const found = edited === undefined ? old.replace(CURSOR, '') : old;
  if (!template.includes(found)) throw new Error(`the program has no ${found}`);
  return template.replace(found, () => edited ?? text);
}
