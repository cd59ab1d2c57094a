/** What one C file says, read token by token without preprocessing: every branch of every #if counts. */
export interface LexedFile {
  /** Every identifier outside comments and literals, macro bodies included. */
  readonly identifiers: ReadonlySet<string>;
  readonly includes: readonly { readonly name: string; readonly angled: boolean }[];
  /** What macros glue to an argument with `##`: `raw_##event` makes identifiers that begin with "raw_". */
  readonly pastes: readonly Paste[];
  /** Two arguments glued together, or an #include of a macro: only the preprocessor knows what comes of it. */
  readonly needsPreprocessor: boolean;
  /** Structs, unions and enums that get a body here. */
  readonly definedTags: ReadonlySet<string>;
  /** Enumerators, and the variables, functions and record typedefs of file scope. */
  readonly definedNames: ReadonlySet<string>;
}

export interface Paste {
  readonly prefix: string;
  readonly suffix: string;
}

const TOKEN =
  /\/\/(?:\\\r?\n|[^\n])*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|\.?[0-9](?:[eEpP][+-]|[\w.])*|[A-Za-z_$][\w$]*|##|\\\r?\n|\n|[ \t\r\f\v]+|[\s\S]/g;
const IDENTIFIER = /^[A-Za-z_$]/;

/** Lexes C. Never fails: what is not C is skipped. */
export function lexC(text: string): LexedFile {
  const identifiers = new Set<string>();
  const includes: { name: string; angled: boolean }[] = [];
  const tokens: string[] = [];
  const pastes: Paste[] = [];
  let needsPreprocessor = false;
  let directive: string[] | null = null;
  let lineStart = true;

  const endDirective = (): void => {
    if (directive === null) return;
    const include = readInclude(directive);
    if (include === 'computed') needsPreprocessor = true;
    else if (include !== null) includes.push(include);
    else
      for (const token of directive) {
        if (IDENTIFIER.test(token)) identifiers.add(token);
      }
    if (directive.includes('##')) {
      const found = readPastes(directive.filter(token => token !== ' '));
      if (found === null) needsPreprocessor = true;
      else pastes.push(...found);
    }
    directive = null;
  };

  for (const [token] of text.matchAll(TOKEN)) {
    const first = token.charCodeAt(0);
    if (token === '\n') {
      endDirective();
      lineStart = true;
    } else if (first === 0x20 || first === 0x09 || first === 0x0d || first === 0x5c) {
      if (directive !== null) directive.push(' ');
    } else if (token.startsWith('//') || token.startsWith('/*')) {
      if (directive !== null) directive.push(' ');
    } else if (directive !== null) {
      directive.push(token);
    } else if (token === '#' && lineStart) {
      directive = [];
    } else {
      lineStart = false;
      if (IDENTIFIER.test(token)) identifiers.add(token);
      tokens.push(token);
    }
  }
  endDirective();
  return { identifiers, includes, pastes, needsPreprocessor, ...definitions(tokens) };
}

/** The chains of `##` in a #define; null when one of them glues two arguments. */
function readPastes(define: readonly string[]): Paste[] | null {
  const open = define[2] === '(' ? define.indexOf(')') : 1;
  const parameters = new Set(define.slice(2, open).filter(token => IDENTIFIER.test(token)));
  parameters.add('__VA_ARGS__');
  const pastes: Paste[] = [];
  for (let i = open + 1; i < define.length; i++) {
    if (define[i + 1] !== '##') continue;
    const chain = [define[i] ?? ''];
    while (define[i + 1] === '##') {
      chain.push(define[i + 2] ?? '');
      i += 2;
    }
    // `, ##__VA_ARGS__` drops the comma and glues nothing.
    if (chain[0] === ',') continue;
    const variable = chain.filter(token => parameters.has(token)).length;
    if (variable > 1) return null;
    const at = variable === 0 ? chain.length : chain.findIndex(token => parameters.has(token));
    pastes.push({ prefix: chain.slice(0, at).join(''), suffix: chain.slice(at + 1).join('') });
  }
  return pastes;
}

/** null: another directive. */
function readInclude(tokens: readonly string[]): { name: string; angled: boolean } | 'computed' | null {
  const text = tokens.join('').trim();
  const match = /^(?:include|include_next|import)\b\s*(.*)$/.exec(text);
  if (match === null) return null;
  const operand = match[1] ?? '';
  const quoted = /^"([^"]+)"/.exec(operand)?.[1];
  if (quoted !== undefined) return { name: quoted, angled: false };
  const angled = /^<([^>]+)>/.exec(operand)?.[1];
  return angled === undefined ? 'computed' : { name: angled, angled: true };
}

interface Brace {
  readonly enumerators: boolean;
}

function definitions(tokens: readonly string[]): Pick<LexedFile, 'definedTags' | 'definedNames'> {
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

/** What stands between a declared name and the rest of its declaration, in libbpf programs. */
const ATTRIBUTES: readonly string[] = ['SEC', '__attribute__'];

/** Whether an identifier between these two is the one a declaration at file scope declares. */
function declares(token: string, previous: string, next: string): boolean {
  if (ATTRIBUTES.includes(token)) return false;
  const afterType = IDENTIFIER.test(previous)
    ? previous !== 'struct' && previous !== 'union' && previous !== 'enum'
    : previous === '*' || previous === '}' || previous === ')' || previous === ',';
  return afterType && ['=', ';', ',', '[', '(', ...ATTRIBUTES].includes(next);
}

/** The struct, union or enum whose body opens at tokens[open], stepping over attributes; null for any other brace. */
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
  // struct __attribute__((packed)) name { … }: the attribute stands between the keyword and the name.
  let before = at - 1;
  if (tokens[before] === ')') {
    while (before >= 0 && tokens[before] !== '__attribute__') before--;
    before--;
  }
  const keyword = tokens[before] ?? '';
  return IDENTIFIER.test(last) && isKeyword(keyword) ? { keyword, tag: last } : null;
}
