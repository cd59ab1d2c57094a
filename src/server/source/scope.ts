/** Resolves names in a function, and the types of expressions for completion and hover. */
import { openingIndex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import { gplOnlyHelper } from '../helpers/helper-rules';
import { type EnclosingCall, postfixStart, STATEMENT_WORDS } from './cursor';
import { readDeclaration } from './declarations';
import { type Declared, fieldOf, type SourceFunction, type WrittenType } from './model';
import { childOf, type SyntaxNode } from './syntax';
import type { CType, Types } from './types';

/** Macros whose arguments after the first (of _INTO the second) are a chain of members. */
const MEMBER_CHAIN =
  /^(BPF_(CORE|PROBE)_READ(_USER)?(_INTO|_STR_INTO|_USER_INTO|_USER_STR_INTO)?|bpf_core_field_(exists|size|offset)|BPF_CORE_READ_BITFIELD(_PROBED)?)$/;

/** Variables a function declares before `offset`, the innermost last; uses tokens, because the code after it may be half typed. */
function localsBefore(owner: SourceFunction, offset: number): Declared[] {
  const found: Declared[] = [...owner.parameters];
  const tokens = owner.item.tokens;
  let begin = 0;
  const bodyStart = owner.bodySpan?.start ?? 0;
  for (let index = 0; index <= tokens.length; index++) {
    const token = tokens[index];
    if (token && token.start < bodyStart) {
      begin = index + 1;
      continue;
    }
    const ends =
      token === undefined ||
      token.text === ';' ||
      token.text === '{' ||
      token.text === '}' ||
      token.text === ':' ||
      token.kind === 'directive';
    if (!ends) continue;
    const first = tokens[begin];
    if (first && first.start < offset) found.push(...declaredBy(tokens.slice(begin, index)));
    begin = index + 1;
    if (token && token.start >= offset) break;
  }
  return found;
}

function declaredBy(statement: readonly Token[]): readonly Declared[] {
  // for (int i = 0;  -- the parenthesis opens a scope of its own.
  const isLoop = statement[0]?.text === 'for' && statement[1]?.text === '(';
  const words = isLoop ? statement.slice(2) : statement;
  return STATEMENT_WORDS.has(words[0]?.text ?? '') ? [] : readDeclaration(words).declared;
}

export class Scope {
  private readonly locals: Map<string, Declared>;

  constructor(
    private readonly types: Types,
    owner: SourceFunction | null,
    offset: number,
  ) {
    this.locals = new Map(owner ? localsBefore(owner, offset).map(one => [one.name, one]) : []);
  }

  get localNames(): Iterable<Declared> {
    return this.locals.values();
  }

  variable(name: string): WrittenType | null {
    return this.locals.get(name)?.type ?? this.types.source.variable(name)?.type ?? null;
  }

  /** Type of the postfix expression that ends before tokens[end]: "e", "task->mm", "(struct x *)p", "f(a)->b". */
  typeEndingAt(tokens: readonly Token[], end: number): CType | null {
    const from = postfixStart(tokens, end);
    return from === null ? null : this.typeOf(this.parse(textOf(tokens, from, end)));
  }

  /** An expression alone: as an initialiser the grammar cannot misread it. */
  private parse(text: string): Expression | null {
    const before = 'int x = ';
    const whole = `${before}${text};`;
    const [declaration] = this.types.source.parse(whole).children;
    const value = declaration?.children.flatMap(child => childOf(child, 'value') ?? [])[0];
    return value?.start === before.length && value.end === whole.length - 1
      ? { node: value, text: whole }
      : null;
  }

  /** Type of an expression; null when unknown. */
  private typeOf(expression: Expression | null): CType | null {
    if (!expression) return null;
    const { node } = expression;
    const inner = (field: string) => this.typeOf(part(expression, field));
    switch (node.type) {
      case 'identifier':
        return fromSource(this.variable(textIn(expression)));
      case 'parenthesized_expression':
        return this.typeOf(only(expression));
      case 'cast_expression':
        return this.written(part(expression, 'type'));
      case 'pointer_expression': {
        const type = inner('argument');
        if (textIn(expression).startsWith('*')) return type && this.types.pointee(type);
        return type?.from === 'source' ? fromSource(pointerTo(type.type)) : type;
      }
      case 'call_expression':
        return this.typeOfCall(expression);
      default:
        return this.step(expression, inner('argument'));
    }
  }

  /** The member or element that `expression` accesses in its argument. */
  private step(expression: Expression, of: CType | null): CType | null {
    if (!of) return null;
    if (expression.node.type === 'subscript_expression') return this.types.pointee(of);
    const field = part(expression, 'field');
    return field && (this.types.member(of, textIn(field))?.type ?? null);
  }

  private written(type: Expression | null): CType | null {
    return type && fromSource(this.types.parseType(textIn(type)));
  }

  /** BPF_CORE_READ(base, a, b.c, d[1]): the type after the members of `path`, through every pointer. */
  private typeAlong(base: CType | null, path: readonly (Expression | null)[]): CType | null {
    return path.reduce((type, step) => (step ? this.along(step, type) : null), base);
  }

  private along(step: Expression, type: CType | null): CType | null {
    if (step.node.type === 'identifier') return type && (this.types.member(type, textIn(step))?.type ?? null);
    const inner = part(step, 'argument');
    return inner && this.step(step, this.along(inner, type));
  }

  /**
   * The type whose member is named at tokens[at], if that is in the chain of members of BPF_CORE_READ() or a similar
   * macro; else undefined.
   */
  chainAt(tokens: readonly Token[], call: EnclosingCall | null, at: number): CType | null | undefined {
    if (!call || !MEMBER_CHAIN.test(call.name)) return undefined;
    const first = call.name.endsWith('_INTO') ? 1 : 0;
    if (call.argument <= first) return undefined;
    const texts = splitByComma(tokens, call.openIndex + 1, at).map(({ from, to }) =>
      textOf(tokens, from, to),
    );
    const base = texts[first] ?? '';
    // bpf_core_field_exists(struct sock, member) begins with a type.
    const type = /^(struct|union)\b/.test(base)
      ? fromSource(this.types.parseType(base))
      : this.typeOf(this.parse(base));
    // The last may end in a dot or arrow, before the name being typed.
    const path = texts.slice(first + 1).map(text => text.replace(/(\.|->)$/, ''));
    return this.typeAlong(
      type,
      path.filter(text => text !== '').map(text => this.parse(text)),
    );
  }

  /** `{ .member = ` of an initialiser whose dot is tokens[dot]: the type being initialised. */
  initialisedAt(tokens: readonly Token[], dot: number): CType | null {
    let depth = 0;
    for (let index = dot - 1; index >= 0; index--) {
      const text = tokens[index]?.kind === 'mark' ? tokens[index]?.text : '';
      if (text === '}' || text === ')' || text === ']') depth++;
      else if (text === ';') return null;
      else if (text === '(' || text === '[') depth--;
      else if (text === '{' && depth-- === 0) {
        const before = tokens[index - 1]?.text;
        if (before === ')') {
          const open = openingIndex(tokens, index - 1);
          const written = open < 0 ? null : this.types.parseType(textOf(tokens, open + 1, index - 1));
          return written && { from: 'source', type: written };
        }
        if (before !== '=') return null;
        const declared = this.variable(tokens[index - 2]?.text ?? '');
        return declared && { from: 'source', type: declared };
      }
    }
    return null;
  }

  private typeOfCall(call: Expression): CType | null {
    const callee = part(call, 'function');
    const list = part(call, 'arguments');
    if (callee?.node.type !== 'identifier') return null;
    const name = textIn(callee);
    const given = (list?.node.children ?? [])
      .filter(node => node.type !== 'comment')
      .map(node => ({ ...call, node }));
    const [first] = given;
    if (/^BPF_(CORE|PROBE)_READ(_USER)?$/.test(name) && first)
      return this.typeAlong(this.typeOf(first), given.slice(1));
    if (name === 'bpf_map_lookup_elem' || name === 'bpf_map_lookup_percpu_elem') {
      const map = first && this.types.source.map(textIn(first).replace(/^&\s*/, ''));
      const value = map ? fieldOf(map, 'value') : null;
      const written = value && this.types.parseType(value.value);
      return fromSource(written && pointerTo(written));
    }
    if (name === 'bpf_get_current_task_btf') return fromSource(this.types.parseType('struct task_struct *'));
    const own = this.types.source.function(name);
    if (own) return fromSource(this.types.parseType(own.returnType));
    const helper = this.types.helperReturn(name);
    if (helper || gplOnlyHelper(name)) return helper;
    const kernel = this.types.kernel;
    const id = kernel?.find('func', name) ?? null;
    const func = id === null || !kernel ? null : kernel.btf.type(id);
    const proto = func?.kind === 'func' ? kernel?.btf.type(func.type) : null;
    return proto?.kind === 'func_proto' ? { from: 'kernel', id: proto.returnType } : null;
  }
}

/** A node with the text that its offsets are in. */
interface Expression {
  readonly node: SyntaxNode;
  readonly text: string;
}

const textIn = ({ node, text }: Expression): string => text.slice(node.start, node.end);

function part({ node, text }: Expression, field: string): Expression | null {
  const child = childOf(node, field);
  return child && { node: child, text };
}

function only({ node, text }: Expression): Expression | null {
  const child = node.children.find(each => each.type !== 'comment');
  return child ? { node: child, text } : null;
}

const fromSource = (type: WrittenType | null): CType | null => type && { from: 'source', type };
const pointerTo = (type: WrittenType): WrittenType => ({ ...type, pointers: type.pointers + 1 });
