/** EXPR of --hist, --by and --where: C's operators over names, members and whole numbers. Text → tree; names are not looked up here. */
import { parseCInteger } from '../shared/c/integer';
import { lex, type Token } from '../shared/c/lexer';
import { TraceError } from './trace-error';

export type Expression =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly arrow: boolean; readonly name: string }
  /** str(pointer): the text that it points to. */
  | { readonly kind: 'str'; readonly of: Expression }
  | { readonly kind: 'unary'; readonly operator: Unary; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: Binary;
      readonly left: Expression;
      readonly right: Expression;
    };

const UNARY = ['!', '-', '~'] as const;
export type Unary = (typeof UNARY)[number];

/** Loosest first, as in C, except that & | ^ bind more tightly than comparisons, as people expect of `flags & 4 == 4`. */
const LEVELS = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
] as const;
export type Binary = (typeof LEVELS)[number][number];

/** What is longer only costs the compiler's and the verifier's time. */
const MOST_TOKENS = 200;
const NAME = /^[A-Za-z_]\w*$/;
const U64_MAX = 0xffffffffffffffffn;

/** Throws TraceError 'bad-expression' that quotes the text and says what is wrong where. */
export function parseExpression(text: string): Expression {
  const { tokens, comments } = lex(text);
  const fail = (why: string): TraceError =>
    new TraceError('bad-expression', `The expression '${text}' ${why}.`);
  if (comments.length > 0) throw fail('has a comment');
  if (tokens.length > MOST_TOKENS) throw fail(`is longer than ${MOST_TOKENS} words`);
  const parser = new Parser(tokens, fail);
  const expression = parser.level(0);
  parser.end();
  return expression;
}

class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly fail: (why: string) => TraceError,
  ) {}

  end(): void {
    const left = this.tokens[this.at];
    if (left) throw this.fail(`has '${left.text}' where an operator should be`);
  }

  level(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let left = this.level(level + 1);
    for (;;) {
      const operator = operators.find(each => this.isMark(each));
      if (!operator) return left;
      this.at++;
      left = { kind: 'binary', operator, left, right: this.level(level + 1) };
    }
  }

  private unary(): Expression {
    const operator = UNARY.find(each => this.isMark(each));
    if (!operator) return this.postfix();
    this.at++;
    return { kind: 'unary', operator, of: this.unary() };
  }

  private postfix(): Expression {
    let of = this.primary();
    for (;;) {
      const arrow = this.isMark('->');
      if (!arrow && !this.isMark('.')) return of;
      this.at++;
      of = { kind: 'member', of, arrow, name: this.name() };
    }
  }

  private primary(): Expression {
    const token = this.tokens[this.at];
    if (!token) throw this.fail('ends where a value should be');
    if (token.kind === 'number') {
      const value = parseCInteger(token.text);
      if (value === null || value > U64_MAX)
        throw this.fail(`has '${token.text}', which is not a whole number of 64 bits`);
      this.at++;
      return { kind: 'number', value };
    }
    if (token.kind === 'text') {
      if (!/^"[^"\\]*"$/.test(token.text))
        throw this.fail(`has ${token.text}, a text that does not end or has a backslash`);
      this.at++;
      return { kind: 'text', value: token.text.slice(1, -1) };
    }
    if (this.isMark('(')) {
      this.at++;
      const inner = this.level(0);
      this.close();
      return inner;
    }
    const name = this.name();
    if (!this.isMark('(')) return { kind: 'name', name };
    if (name !== 'str') throw this.fail(`calls '${name}': only str(pointer) can be called`);
    this.at++;
    const of = this.level(0);
    this.close();
    return { kind: 'str', of };
  }

  private name(): string {
    const token = this.tokens[this.at];
    if (token?.kind !== 'name' || !NAME.test(token.text))
      throw this.fail(token ? `has '${token.text}' where a name should be` : 'ends where a name should be');
    this.at++;
    return token.text;
  }

  private close(): void {
    if (!this.isMark(')')) throw this.fail("lacks a ')'");
    this.at++;
  }

  private isMark(text: string): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'mark' && token.text === text;
  }
}
