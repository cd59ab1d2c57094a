/** Preprocessor branches that no BPF build takes, or that would count a brace twice: their tokens are excluded. */
import type { Token } from '../../shared/c/lexer';
import type { Span } from './model';

/** The value of a condition that the language alone decides (BPF programs are C); null: it depends on the build. */
function certainValue(directive: string): boolean | null {
  const condition = /^#\s*(ifdef|ifndef|if|elif)\s+([\s\S]*)$/.exec(directive);
  if (!condition) return null;
  const [, word, rest = ''] = condition;
  const text = rest
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/, '')
    .trim();
  if (word === 'ifdef' || word === 'ifndef')
    return text === '__cplusplus' ? word === 'ifndef' : text === '__bpf__' ? word === 'ifdef' : null;
  if (/^[01]$/.test(text)) return text === '1';
  const defined = /^(!?)\s*defined\s*\(?\s*(__cplusplus|__bpf__)\s*\)?$/.exec(text);
  if (!defined) return null;
  return (defined[2] === '__bpf__') !== (defined[1] === '!');
}

interface Conditional {
  /** Whether the current branch is read. */
  live: boolean;
  /** Whether a branch was read whose condition is certain, or that opened or closed braces: then the others are not read. */
  taken: boolean;
  /** Braces opened minus braces closed in the current branch. */
  balance: number;
  readonly outerLive: boolean;
}

/**
 * The tokens, with each branch that is not read folded into one token of kind 'directive': branches that are never
 * compiled (`#if 0`, `#ifdef __cplusplus`), and the alternatives to a branch that opens or closes a block, so that
 * braces match.
 */
export function liveTokens(tokens: readonly Token[]): readonly Token[] {
  if (!tokens.some(token => token.kind === 'directive' && /^#\s*if/.test(token.text))) return tokens;
  const kept: Token[] = [];
  const stack: Conditional[] = [];
  let dead: Token | null = null;
  for (const token of tokens) {
    const word = token.kind === 'directive' ? /^#\s*(\w+)/.exec(token.text)?.[1] : undefined;
    const top = stack[stack.length - 1];
    if (word === 'if' || word === 'ifdef' || word === 'ifndef') {
      const value = certainValue(token.text);
      const outerLive = top?.live ?? true;
      stack.push({ live: outerLive && value !== false, taken: value === true, balance: 0, outerLive });
    } else if (top && (word === 'elif' || word === 'else')) {
      if (top.live && top.balance !== 0) top.taken = true;
      const value = word === 'else' ? null : certainValue(token.text);
      top.live = top.outerLive && !top.taken && value !== false;
      top.taken ||= value === true;
      top.balance = 0;
    } else if (top && word === 'endif') {
      stack.pop();
      const outer = stack[stack.length - 1];
      if (outer && top.live) outer.balance += top.balance;
    } else if (top && token.kind === 'mark') {
      if (token.text === '{') top.balance++;
      else if (token.text === '}') top.balance--;
    }
    if (stack[stack.length - 1]?.live ?? true) {
      if (dead) kept.push(dead);
      dead = null;
      kept.push(token);
    } else dead = folded(dead ?? token, token);
  }
  if (dead) kept.push(dead);
  return kept;
}

function folded(first: Token, last: Token): Token {
  return { ...first, kind: 'directive', text: '#', end: last.end };
}

/**
 * Where the branches are whose condition only the build decides (`#ifdef USERSPACE_TEST`), the outermost of each; a guard
 * against including a file twice is not a condition.
 */
export function buildChoices(tokens: readonly Token[]): readonly Span[] {
  const found: Span[] = [];
  const stack: { readonly start: number; readonly isChoice: boolean }[] = [];
  const directives = tokens.filter(token => token.kind === 'directive');
  for (const [index, token] of directives.entries()) {
    const [, word = '', name] = /^#\s*(\w+)\s*(\w*)/.exec(token.text) ?? [];
    if (word === 'if' || word === 'ifdef' || word === 'ifndef') {
      const next = /^#\s*define\s+(\w+)/.exec(directives[index + 1]?.text ?? '')?.[1];
      const isGuard = word === 'ifndef' && next === name;
      stack.push({ start: token.start, isChoice: !isGuard && certainValue(token.text) === null });
    } else if (word === 'endif') {
      const opened = stack.pop();
      if (opened?.isChoice && !stack.some(one => one.isChoice))
        found.push({ start: opened.start, end: token.end });
    }
  }
  return found;
}
