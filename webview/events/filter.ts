/**
 * Filter expressions over the columns of a record:
 *
 *   latency > 1ms && comm == "dd"      !(ret < 0) || comm ~ "ssh"      errno == ENOENT && daddr == 10.0.0.1
 *
 * Comparisons: == != < <= > >=, ~ (contains), !~ (does not). A number may carry a unit, which is converted to the
 * column's. In quoted text \" and \' are quotes, other backslashes themselves: a text is written as it is shown. A column
 * alone is true if it is neither 0 nor empty. A value compared with a text of another kind is compared by its displayed
 * text.
 */
import { parseIpv4 } from '../../src/shared/decode/format-address';
import type { FieldValue } from '../../src/shared/decode/model';
import type { Field } from '../../src/shared/object/model';
import { unitFactor } from '../common/quantity';

export type Predicate = (value: (column: number) => FieldValue, shown: (column: number) => string) => boolean;

export class FilterError extends Error {
  constructor(
    message: string,
    /** Offset in the text, from 0. */
    readonly at: number,
  ) {
    super(message);
    this.name = 'FilterError';
  }
}

interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'operator' | 'end';
  readonly text: string;
  readonly at: number;
}

const COMPARISONS = ['==', '!=', '<=', '>=', '!~', '<', '>', '~'];
const OPERATORS = ['&&', '||', ...COMPARISONS, '!', '(', ')'];

function tokenise(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const space = /^\s+/.exec(rest)?.[0];
    if (space) {
      at += space.length;
      continue;
    }
    const operator = OPERATORS.find(candidate => rest.startsWith(candidate));
    if (operator) {
      tokens.push({ kind: 'operator', text: operator, at });
      at += operator.length;
      continue;
    }
    const quoted = /^"((?:[^"\\]|\\.)*)"|^'((?:[^'\\]|\\.)*)'/.exec(rest);
    if (quoted) {
      tokens.push({ kind: 'text', text: (quoted[1] ?? quoted[2] ?? '').replace(/\\(["'])/g, '$1'), at });
      at += quoted[0].length;
      continue;
    }
    if (rest[0] === '"' || rest[0] === "'") throw new FilterError('the quote is not closed', at);
    const word = /^[^\s()!&|<>=~"']+/.exec(rest)?.[0];
    if (!word) throw new FilterError(`unexpected ${rest[0]}`, at);
    tokens.push({
      kind: /^-?(0x[0-9a-f]+|\d+(\.\d+)?)\s*[a-zµμ%]*$/i.test(word) ? 'number' : 'name',
      text: word,
      at,
    });
    at += word.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

/** Short and long units that users write but programs do not. */
const WRITTEN: Readonly<Record<string, ReturnType<typeof unitFactor>>> = {
  min: { kind: 'time', factor: 60e9 },
  h: { kind: 'time', factor: 3600e9 },
  k: { kind: 'size', factor: 1024 },
  m: { kind: 'size', factor: 2 ** 20 },
  g: { kind: 'size', factor: 2 ** 30 },
  gb: { kind: 'size', factor: 2 ** 30 },
  gib: { kind: 'size', factor: 2 ** 30 },
};

/** The number in the column's own unit. Throws if the unit does not fit. */
function numberFor(token: Token, field: Field): number | bigint {
  const [, digits = '', unit = ''] =
    /^(-?(?:0x[0-9a-f]+|\d+(?:\.\d+)?))\s*([a-zµμ%]*)$/i.exec(token.text) ?? [];
  const plain = Number(digits);
  if (unit === '' || unit === '%')
    return Number.isSafeInteger(plain) || digits.includes('.') ? plain : BigInt(digits);
  const written = unitFactor(unit) ?? WRITTEN[unit.toLowerCase()];
  const own = unitFactor(field.unit) ?? unitFactor(field.meaning.replace(/^(duration|timestamp)-/, ''));
  if (!written || written.kind !== own?.kind)
    throw new FilterError(`${field.name} cannot be compared with a number in ${unit}`, token.at);
  return (plain * written.factor) / own.factor;
}

/** Compiles an expression for the given columns; '' returns null (everything passes). Throws FilterError. */
export function compileFilter(source: string, fields: readonly Field[]): Predicate | null {
  if (source.trim() === '') return null;
  const tokens = tokenise(source);
  let next = 0;
  const peek = (): Token => tokens[next] ?? { kind: 'end', text: '', at: source.length };
  const take = (): Token => {
    const token = peek();
    next++;
    return token;
  };
  const accept = (text: string): boolean => {
    if (peek().kind !== 'operator' || peek().text !== text) return false;
    next++;
    return true;
  };

  const joined = (operator: string, part: () => Predicate, all: boolean): Predicate => {
    const first = part();
    const parts = [first];
    while (accept(operator)) parts.push(part());
    if (parts.length === 1) return first;
    return all
      ? (value, shown) => parts.every(each => each(value, shown))
      : (value, shown) => parts.some(each => each(value, shown));
  };
  const either = (): Predicate => joined('||', () => joined('&&', negated, true), false);
  const negated = (): Predicate => {
    if (accept('!')) {
      const inner = negated();
      return (value, shown) => !inner(value, shown);
    }
    if (accept('(')) {
      const inner = either();
      if (!accept(')')) throw new FilterError('a closing parenthesis is missing', peek().at);
      return inner;
    }
    return comparison();
  };
  const comparison = (): Predicate => {
    const name = take();
    if (name.kind !== 'name')
      throw new FilterError(
        name.kind === 'end' ? 'a column name is missing' : `expected a column name, found ${name.text}`,
        name.at,
      );
    const column = fields.findIndex(field => field.name === name.text);
    const field = fields[column];
    if (!field)
      throw new FilterError(
        `there is no column ${name.text}; columns: ${fields.map(known => known.name).join(', ')}`,
        name.at,
      );
    const operator = peek();
    if (operator.kind !== 'operator' || !COMPARISONS.includes(operator.text)) {
      return value => isTrue(value(column));
    }
    next++;
    const literal = take();
    if (literal.kind === 'end' || literal.kind === 'operator')
      throw new FilterError(`a value is missing after ${operator.text}`, literal.at);
    return compare(column, field, operator.text, literal);
  };

  const predicate = either();
  const rest = peek();
  if (rest.kind !== 'end')
    throw new FilterError(`unexpected ${rest.text}; join comparisons with && or ||`, rest.at);
  return predicate;
}

function isTrue(value: FieldValue): boolean {
  if (typeof value === 'object') return value.length > 0;
  return value !== 0 && value !== 0n && value !== '' && value !== false;
}

function compare(column: number, field: Field, operator: string, literal: Token): Predicate {
  if (operator === '~' || operator === '!~') {
    const wanted = literal.text.toLowerCase();
    const expected = operator === '~';
    return (_value, shown) => shown(column).toLowerCase().includes(wanted) === expected;
  }
  const address = field.meaning === 'ipv4' ? parseIpv4(literal.text) : null;
  if (address !== null && /[<>]/.test(operator))
    return value => ordered(operator, numeric(value(column)), address);
  if (literal.kind === 'number' && field.storage !== 'text') {
    const number = numberFor(literal, field);
    return value => ordered(operator, numeric(value(column)), number);
  }
  if (literal.text === 'true' || literal.text === 'false') {
    const wanted = literal.text === 'true';
    return value => ordered(operator, isTrue(value(column)) ? 1 : 0, wanted ? 1 : 0);
  }
  const named =
    field.valueNames && Object.entries(field.valueNames).find(([, name]) => name === literal.text)?.[0];
  if (named !== undefined && named !== null && field.meaning === 'enum') {
    const number = Number(named);
    return value => ordered(operator, numeric(value(column)), number);
  }
  const wanted = literal.text;
  const isEscaped = /\\/.test(wanted);
  return (value, shown) => {
    const own = value(column);
    if (typeof own === 'string')
      return ordered(operator, isEscaped && shown(column) === wanted ? wanted : own, wanted);
    const text = shown(column);
    // "ENOENT (2)" equals ENOENT: the first word is enough.
    return ordered(operator, text === wanted || text.split(/[\s(]/, 1)[0] === wanted ? wanted : text, wanted);
  };
}

function numeric(value: FieldValue): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return Number.NaN;
}

function ordered<T extends number | bigint | string>(operator: string, left: T, right: T): boolean {
  switch (operator) {
    // Not with ===: numbers and bigints compare by value, and NaN equals nothing.
    case '==':
      return left >= right && left <= right;
    case '!=':
      return !(left >= right && left <= right);
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

export interface Completion {
  readonly text: string;
  readonly detail: string;
}

/** Completions at the caret, and the offset from where they replace text. */
export function completeFilter(
  source: string,
  caret: number,
  fields: readonly Field[],
): { readonly from: number; readonly items: readonly Completion[] } {
  const before = source.slice(0, caret);
  const word = /[^\s()!&|<>=~"']*$/.exec(before)?.[0] ?? '';
  const from = caret - word.length;
  const context = before.slice(0, from).trimEnd();
  const compared = /([^\s()!&|<>=~"']+)\s*(?:==|!=)$/.exec(context)?.[1];
  const lower = word.toLowerCase();
  if (compared !== undefined) {
    const names = Object.values(fields.find(field => field.name === compared)?.valueNames ?? {});
    return {
      from,
      items: names
        .filter(name => name.toLowerCase().startsWith(lower))
        .slice(0, 50)
        .map(text => ({ text, detail: compared })),
    };
  }
  if (/(?:<|>|=|~)$/.test(context)) return { from, items: [] };
  if (context === '' || /(?:&&|\|\||!|\()$/.test(context)) {
    return {
      from,
      items: fields
        .filter(field => field.name.toLowerCase().includes(lower) && field.name !== word)
        .map(field => ({
          text: field.name,
          detail: [field.label === field.name ? '' : field.label, field.unit, field.typeName]
            .filter(part => part !== '')
            .join(' · '),
        })),
    };
  }
  const afterColumn = fields.some(field => context.endsWith(field.name));
  const operators = afterColumn ? [...COMPARISONS.filter(text => text !== '!~'), '&&', '||'] : ['&&', '||'];
  return { from, items: word === '' ? operators.map(text => ({ text, detail: '' })) : [] };
}
