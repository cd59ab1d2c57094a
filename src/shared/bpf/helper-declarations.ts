/** The helpers that libbpf's headers declare: bpf/bpf_helper_defs.h, generated from the kernel's uapi header. */

export interface HelperDeclaration {
  readonly name: string;
  /** enum bpf_func_id. */
  readonly id: number;
  readonly returnType: string;
  /** "void *map, const void *key"; "void" for none. */
  readonly parameters: string;
  /** The comment above it, without its delimiters. */
  readonly comment: string;
}

const DECLARATION =
  /(?:\/\*\n((?:(?! \*\/)[\s\S])*?) \*\/\n)?(?:__bpf_fastcall )?static ([^\n;]*?)\(\* ?(?:const )?(bpf_\w+)\)\(([^;\n]*)\) = \(void \*\) ?(\d+);/g;

/** Every helper of a bpf_helper_defs.h, in its order. */
export function helperDeclarations(text: string): HelperDeclaration[] {
  return Array.from(
    text.matchAll(DECLARATION),
    ([, comment = '', returnType = '', name = '', parameters = '', id]) => ({
      name,
      id: Number(id),
      returnType: returnType.trim(),
      parameters,
      comment,
    }),
  );
}
