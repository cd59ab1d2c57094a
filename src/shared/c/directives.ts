/** Preprocessor directives, each one token of ./lexer. */

export type Directive =
  | { readonly kind: 'include'; readonly name: string; readonly angled: boolean }
  /** An #include whose operand is a macro: only the preprocessor knows the file. */
  | { readonly kind: 'computed-include' }
  | {
      readonly kind: 'define';
      readonly name: string;
      /** null: an object-like macro. */
      readonly parameters: readonly string[] | null;
      /** On one line. */
      readonly body: string;
    };

const INCLUDE =
  /^#(?:\s|\/\*[\s\S]*?\*\/)*(?:include|include_next|import)\b(?:\s|\/\*[\s\S]*?\*\/)*(?:<([^>\n]+)>|"([^"\n]+)")?/;
const DEFINE = /^#\s*define\s+([A-Za-z_]\w*)(\(([^)]*)\))?([\s\S]*)$/;

/** null: a condition, a pragma, or damage. */
export function readDirective(text: string): Directive | null {
  const include = INCLUDE.exec(text);
  if (include) {
    const name = include[1] ?? include[2];
    return name === undefined
      ? { kind: 'computed-include' }
      : { kind: 'include', name, angled: include[1] !== undefined };
  }
  const define = DEFINE.exec(text);
  if (!define?.[1]) return null;
  return {
    kind: 'define',
    name: define[1],
    parameters: define[2] === undefined ? null : (define[3] ?? '').split(',').map(one => one.trim()),
    body: (define[4] ?? '').replace(/\\\r?\n/g, ' ').trim(),
  };
}
