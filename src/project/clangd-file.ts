/** Merges our part into a .clangd file. No `vscode`, no file access. */

const BEGIN = '# BPF Workbench: begin (written by "BPF: Configure clangd"; edit outside of these two lines)';
const END = '# BPF Workbench: end';
const OWN_PART = /^# BPF Workbench: begin.*\n[\s\S]*?^# BPF Workbench: end[^\n]*\n?/m;

/** True if the file contains our part. */
export function hasOwnPart(text: string): boolean {
  return OWN_PART.test(text);
}

/** The file without our part. */
export function withoutOwnPart(text: string): string {
  return text.replace(OWN_PART, '');
}

/**
 * Returns `existing` (null: no file) with `part` (YAML documents separated by ---) merged in: an earlier part of ours
 * is replaced, everything else is unchanged. The file is a sequence of YAML documents, which clangd applies in order.
 */
export function mergeClangd(existing: string | null, part: string): string {
  const own = `${BEGIN}\n${part.trimEnd()}\n${END}\n`;
  if (existing === null || existing.trim() === '') return own;
  if (OWN_PART.test(existing)) return existing.replace(OWN_PART, () => own);
  const separator = /(^|\n)---[ \t]*\n*$/.test(existing) ? '' : '---\n';
  return `${existing.endsWith('\n') ? existing : `${existing}\n`}${separator}${own}`;
}
