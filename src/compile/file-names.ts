import { readDirective } from '../shared/c/directives';
import { lex, type Token } from '../shared/c/lexer';

/** The names in one C file, read without preprocessing: every branch of every #if counts. */
export interface FileNames {
  /** Every identifier outside comments and literals, including macro bodies. */
  readonly identifiers: ReadonlySet<string>;
  readonly includes: readonly { readonly name: string; readonly angled: boolean }[];
  /** What macros paste to an argument with `##`: `raw_##event` creates identifiers that begin with "raw_". */
  readonly pastes: readonly Paste[];
  /** True if two arguments are pasted together or an #include names a macro: only the preprocessor can resolve those. */
  readonly needsPreprocessor: boolean;
  /** Structs, unions and enums defined (with a body) in this file. */
  readonly definedTags: ReadonlySet<string>;
  /** Enumerators, and variables, functions and record typedefs at file scope. */
  readonly definedNames: ReadonlySet<string>;
}

export interface Paste {
  readonly prefix: string;
  readonly suffix: string;
}

/** Reads the names in C text. Never fails: anything that is not C is skipped. */
export function readNames(text: string): FileNames {
  const identifiers = new Set<string>();
  const includes: { name: string; angled: boolean }[] = [];
  const pastes: Paste[] = [];
  const code: string[] = [];
  let needsPreprocessor = false;
  const take = (tokens: readonly Token[]): void => {
    for (const { kind, text: name } of tokens) if (kind === 'name') identifiers.add(name);
  };
  const { tokens } = lex(text);
  take(tokens);
  for (const token of tokens) {
    if (token.kind !== 'directive') {
      code.push(token.text);
      continue;
    }
    const directive = readDirective(token.text);
    if (directive?.kind === 'include') includes.push({ name: directive.name, angled: directive.angled });
    else if (directive?.kind === 'computed-include') needsPreprocessor = true;
    else take(lex(token.text.slice(1)).tokens);
    if (directive?.kind !== 'define' || !directive.body.includes('##')) continue;
    const found = readPastes(directive.parameters ?? [], directive.body);
    if (found === null) needsPreprocessor = true;
    else pastes.push(...found);
  }
  return { identifiers, includes, pastes, needsPreprocessor, ...definitions(code) };
}

/** The chains of `##` in a macro's body; null if one of them pastes two arguments together. */
function readPastes(parameters: readonly string[], body: string): Paste[] | null {
  const variables = new Set(['__VA_ARGS__', ...parameters.map(one => one.replace(/\s*\.\.\.$/, ''))]);
  const tokens = lex(body).tokens.map(token => token.text);
  const pastes: Paste[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i + 1] !== '##') continue;
    const chain = [tokens[i] ?? ''];
    while (tokens[i + 1] === '##') {
      chain.push(tokens[i + 2] ?? '');
      i += 2;
    }
    // `, ##__VA_ARGS__` drops the comma and pastes nothing.
    if (chain[0] === ',') continue;
    const variable = chain.filter(token => variables.has(token)).length;
    if (variable > 1) return null;
    const at = variable === 0 ? chain.length : chain.findIndex(token => variables.has(token));
    pastes.push({ prefix: chain.slice(0, at).join(''), suffix: chain.slice(at + 1).join('') });
  }
  return pastes;
}

const IDENTIFIER = /^[A-Za-z_$]/;

interface Brace {
  readonly enumerators: boolean;
}

function definitions(tokens: readonly string[]): Pick<FileNames, 'definedTags' | 'definedNames'> {
  const definedTags = new Set<string>();
  const definedNames = new Set<string>();
  const braces: Brace[] = [];
  let parentheses = 0;
  let typedef: 'no' | 'plain' | 'record' = 'no';
  let initializer = false;

  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    const previous = tokens[i - 1] ?? ';';
    const next = tokens[i + 1] ?? ';';
    if (token === '(' || token === '[') parentheses++;
    else if (token === ')' || token === ']') parentheses = Math.max(0, parentheses - 1);
    else if (token === '{') {
      const head = recordHead(tokens, i);
      if (head?.tag) definedTags.add(head.tag);
      if (head && typedef === 'plain') typedef = 'record';
      braces.push({ enumerators: head?.keyword === 'enum' });
    } else if (token === '}') {
      braces.pop();
    } else if (parentheses === 0 && braces.length === 0) {
      if (token === ';') {
        typedef = 'no';
        initializer = false;
      } else if (token === ',') initializer = false;
      else if (token === '=') initializer = true;
      else if (token === 'typedef') typedef = 'plain';
      else if (
        !initializer &&
        IDENTIFIER.test(token) &&
        declares(token, previous, next) &&
        typedef !== 'plain'
      )
        definedNames.add(token);
    } else if (
      braces.at(-1)?.enumerators &&
      IDENTIFIER.test(token) &&
      (previous === '{' || previous === ',') &&
      (next === '=' || next === ',' || next === '}')
    ) {
      definedNames.add(token);
    }
  }
  return { definedTags, definedNames };
}

/** Attributes between a declared name and the rest of its declaration, in libbpf programs. */
const ATTRIBUTES: readonly string[] = ['SEC', '__attribute__'];

/** True if an identifier between these two tokens is the name declared at file scope. */
function declares(token: string, previous: string, next: string): boolean {
  if (ATTRIBUTES.includes(token)) return false;
  const afterType = IDENTIFIER.test(previous)
    ? previous !== 'struct' && previous !== 'union' && previous !== 'enum'
    : previous === '*' || previous === '}' || previous === ')' || previous === ',';
  return afterType && ['=', ';', ',', '[', '(', ...ATTRIBUTES].includes(next);
}

/** The struct, union or enum whose body opens at tokens[open], skipping attributes; null for any other brace. */
function recordHead(
  tokens: readonly string[],
  open: number,
): { readonly keyword: string; readonly tag: string | null } | null {
  let at = open - 1;
  if (tokens[at] === ')') {
    let depth = 0;
    do {
      if (tokens[at] === ')') depth++;
      else if (tokens[at] === '(') depth--;
      at--;
    } while (depth > 0 && at >= 0);
    if (tokens[at] !== '__attribute__') return null;
    at--;
  }
  const isKeyword = (token: string | undefined): boolean =>
    token === 'struct' || token === 'union' || token === 'enum';
  const last = tokens[at] ?? '';
  if (isKeyword(last)) return { keyword: last, tag: null };
  // struct __attribute__((packed)) name { … }: the attribute is between the keyword and the name.
  let before = at - 1;
  if (tokens[before] === ')') {
    while (before >= 0 && tokens[before] !== '__attribute__') before--;
    before--;
  }
  const keyword = tokens[before] ?? '';
  return IDENTIFIER.test(last) && isKeyword(keyword) ? { keyword, tag: last } : null;
}
