/** Figures of the long runs: printed, and kept in test/.work/soak.json for docs/security.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { workFolder } from '../kernel/bench/paths';

const file = path.join(workFolder, 'soak.json');

/** Adds or replaces the figures of one run, by its name. */
export function report(name: string, figures: Readonly<Record<string, unknown>>): void {
  console.log(`${name}: ${JSON.stringify(figures)}`);
  mkdirSync(workFolder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...earlier(), [name]: figures }, null, 2)}\n`);
}

function earlier(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    // The first run.
    return {};
  }
}
