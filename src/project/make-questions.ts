/**
 * Answers to what a makefile asks the shell for: $(shell …) and !=. Commands that only read are computed here, from their
 * words; every other question is answered with nothing.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from '../system/child-process';
import { findExecutable } from '../system/find-executable';
import type { Program } from './model';
import { stepsOf } from './shell-words';

const TOOL_DEADLINE_MS = 5000;

/** What a shell in `folder` would print for the question; '' if that is not known without running it. */
export async function answer(question: string, folder: string, program: Program): Promise<string> {
  let text: string | null = null;
  let at = folder;
  for (const { words, operator } of stepsOf(question.replace(/\d?>\s*\/dev\/null|2>&1/g, ''))) {
    if (words.some(word => /`|\$[({]/.test(word)) || !['', '|', '||', '&&'].includes(operator)) return '';
    // `uname -m || echo x`: the first that is known; `a | b`: nothing where a is not known.
    if (operator === '||' && text !== null) break;
    if (operator === '|' && text === null) continue;
    if (words[0] === 'cd' && words.length === 2) at = path.resolve(at, words[1] ?? '');
    else text = await output(words, operator === '|' ? (text ?? '') : '', at, program);
  }
  return (text ?? '').trim();
}

async function output(
  [name = '', ...args]: readonly string[],
  input: string,
  folder: string,
  program: Program,
): Promise<string | null> {
  const [last = ''] = args.slice(-1);
  switch (path.basename(name)) {
    case 'pwd':
      return folder;
    case 'arch':
      return program.machine;
    case 'uname':
      if (args.length === 0 || args[0] === '-s') return 'Linux';
      return /^-[mpi]$/.test(args[0] ?? '') ? program.machine : null;
    case 'echo':
      return args.filter(word => word !== '-n').join(' ');
    case 'dirname':
      return path.dirname(last);
    case 'basename':
      return path.basename(last);
    case 'realpath':
    case 'readlink':
      return realpath(path.resolve(folder, last)).catch(() => null);
    case 'which':
      return findExecutable(last);
    case 'command':
      return args[0] === '-v' ? findExecutable(last) : null;
    case 'git':
      return args.join(' ') === 'rev-parse --show-toplevel' ? program.root : null;
    case 'pkg-config':
      return args.every(word => /^--cflags(?:-only-[Ia]\w*)?$|^\w[\w.+-]*$/.test(word))
        ? run('pkg-config', args)
        : null;
    case 'sed':
      // GNU sed refuses to run commands and to touch files with --sandbox; a file name would be read.
      return /^(?:-[nErz]+ )?(?:-e )?\S[^\n]*$/.test(args.join(' ')) && scripts(args)
        ? run('sed', ['--sandbox', ...args], input)
        : null;
    case 'tr':
      return args.length <= 3 ? run('tr', args, input) : null;
    default:
      return null;
  }
}

/** Whether sed's arguments are options and scripts only. */
function scripts(args: readonly string[]): boolean {
  const plain = args.filter((word, at) => !/^-[nErz]+$|^-e$/.test(word) && args[at - 1] !== '-e');
  return plain.every(word => !word.startsWith('-')) && plain.length <= (args.includes('-e') ? 0 : 1);
}

async function run(name: string, args: readonly string[], input = ''): Promise<string | null> {
  try {
    const { code, stdout } = await runChild('compiler', name, args, {
      deadlineMs: TOOL_DEADLINE_MS,
      input: Buffer.from(`${input}\n`),
    });
    return code === 0 ? stdout.toString() : null;
  } catch {
    // Not installed.
    return null;
  }
}
