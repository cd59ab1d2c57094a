/** The environment check as data and as text: `bpfw doctor` and BPF: Check Environment show the same rows. */
import { fixText, WorkbenchError } from '../shared/errors/workbench-error';

export interface EnvironmentRow {
  readonly what: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What does not work without it; '' if ok. */
  readonly blocks: string;
  /** A command or a step; '' if ok or if there is none. */
  readonly fix: string;
}

/** What a row is about: 'compiling' is always needed, one of the other two is enough. */
export type EnvironmentArea = 'compiling' | 'this kernel' | 'sandbox VM';

export interface EnvironmentSection {
  readonly area: EnvironmentArea;
  readonly rows: readonly EnvironmentRow[];
}

/**
 * Makes a row from a function that finds something or throws; an error's `fix` becomes the row's. `blocks` is set if it
 * throws.
 */
export async function lookFor(
  what: string,
  blocks: string,
  find: () => Promise<string>,
): Promise<EnvironmentRow> {
  try {
    return { what, ok: true, detail: await find(), blocks: '', fix: '' };
  } catch (error) {
    return {
      what,
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
      blocks,
      fix: error instanceof WorkbenchError ? fixText(error.fix) : '',
    };
  }
}

/** A section's summary: "ready", or how many of its rows need attention. */
export function verdict({ rows }: EnvironmentSection): string {
  const missing = rows.filter(row => !row.ok).length;
  if (missing === 0) return 'ready';
  return `${missing} of ${rows.length} ${missing === 1 ? 'needs' : 'need'} attention`;
}

/** The sections as text, for terminals, the log and bug reports. */
export function environmentText(sections: readonly EnvironmentSection[]): string {
  return sections
    .flatMap(section => [`${heading(section)}`, ...section.rows.map(rowText), ''])
    .join('\n')
    .trimEnd();
}

/** "This kernel: ready" */
export function heading(section: EnvironmentSection): string {
  const { area } = section;
  return `${area.charAt(0).toUpperCase()}${area.slice(1)}: ${verdict(section)}`;
}

function rowText(row: EnvironmentRow): string {
  const blocks = row.blocks === '' ? '' : `\n           blocks: ${row.blocks}`;
  const fix = row.fix === '' ? '' : `\n           fix:    ${row.fix}`;
  return `  ${row.ok ? 'ok     ' : 'missing'}  ${row.what}: ${row.detail}${blocks}${fix}`;
}
