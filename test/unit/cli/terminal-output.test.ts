/**
 * Holds that src/cli/print/terminal.ts is the one way to stdout and stderr of the process whose terminal the user sees: asked of
 * the type checker, so that a child's streams are not taken for it.
 */
import { isPropertyAccessExpression } from 'typescript/unstable/ast/is';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceChecker } from '../source-checker';

const DOOR = 'src/cli/print/terminal.ts';
/** Programs of their own, whose stdout and stderr are read by the session that starts them. */
const OWN_PROGRAMS: ReadonlySet<string> = new Set(['src/session/targets/ifunc-probe.ts']);
/** bpfw, and every room that it runs in its own process. */
const ROOMS = ['src/cli', 'src/session', 'src/compile', 'src/templates', 'src/system', 'src/shared'];
const STREAMS: ReadonlySet<string> = new Set(['stdout', 'stderr', 'console', 'log']);
const DECLARED = [
  '/@types/node/process.d.ts',
  '/@types/node/console.d.ts',
  '/@types/node/globals.d.ts',
  '/typescript/lib/lib.dom.d.ts',
];

describe('stdout and stderr', () => {
  let sources: SourceChecker;
  beforeAll(() => {
    sources = new SourceChecker();
  }, 60_000);
  afterAll(() => sources.close());

  /** Uses of the process's own streams that are more than a look at whether they are a terminal. */
  const writers = (file: string) =>
    sources.usesOf(file, STREAMS, DECLARED).filter(({ parent }) => {
      const asked = isPropertyAccessExpression(parent) ? parent.parent : parent;
      return !(isPropertyAccessExpression(asked) && asked.name.text === 'isTTY');
    });

  it('are written by one file', () => {
    const found = sources
      .filesIn(...ROOMS)
      .flatMap(file => writers(file).map(({ text }) => `${file}: ${text}`));
    expect(
      found.filter(use => !use.startsWith(`${DOOR}:`) && !OWN_PROGRAMS.has(use.split(':')[0] ?? '')),
    ).toEqual([]);
  });

  it('are seen where they are written', () => {
    expect(writers(DOOR).map(({ text }) => text)).toEqual(expect.arrayContaining(['stdout', 'stderr']));
    // console, as the guest's agent uses it.
    expect(writers('src/guest/main.ts').map(({ text }) => text)).toContain('console');
  });
});
