/** Which arguments of a project's compiler become arguments of ours: a list of what is kept, everything else is dropped. */
import { stat } from 'node:fs/promises';
import path from 'node:path';

export interface DroppedFlag {
  readonly flag: string;
  readonly why: string;
}

export interface SortedFlags {
  /** Paths are absolute; a folder stays with its flag as two words: '-I', '/project/include'. */
  readonly kept: readonly string[];
  readonly dropped: readonly DroppedFlag[];
}

/** More words than any build writes for one file. */
const MOST_WORDS = 4096;
const LONGEST_WORD = 4096;

const FOLDER_FLAGS = ['-isystem', '-iquote', '-idirafter', '-I'] as const;
const FILE_FLAGS = ['-include', '-imacros'] as const;
const WITH_VALUE = [
  '-D',
  '-U',
  '-Xclang',
  '-mllvm',
  '-Xlinker',
  '-arch',
  '-B',
  ...FOLDER_FLAGS,
  ...FILE_FLAGS,
];
/** Flags of ours, or of the step that writes the object: nothing is lost without them. */
const OURS =
  /^(?:-c|-S|-E|-g\d?|-ggdb\d?|-gdwarf.*|-emit-llvm|-pipe|-v|-M[DMGP]*|-Qunused-arguments|-target=?bpf\w*|--target=bpf\w*|-march=bpf\w*|-O2)$/;
const OURS_WITH_VALUE = ['-o', '-target', '--target', '-x', '-MF', '-MT', '-MQ', '-MJ'] as const;
/** Toggles and values that change how C is read or compiled; none takes a path, loads code or writes a file. */
const KEPT =
  /^(?:-[DU]\w.*|-std=[\w:+]+|-O[13s]|-mcpu=v[1-4]|-m(?:little|big)-endian|-nostdinc|-w|-W(?![alp],)[\w+=-]+|-f(?:no-[\w-]+|ms-extensions|freestanding|short-enums|strict-aliasing|wrapv|inline-functions|jump-tables|unroll-loops|common|gnu89-inline|signed-char|unsigned-char)|-pedantic|-ansi)$/s;

const WHY = {
  architecture: "the target's architecture is set by BPF Workbench",
  computed: 'only a run of the build knows its value',
  error: 'warnings do not stop a compilation here',
  missing: 'there is no such folder (made by the build, or a submodule that is not checked out)',
  noFile: 'there is no such file',
  noValue: 'its value is missing',
  response: 'files of arguments are not read',
  unknown: 'not one of the flags that are taken from a project',
} as const;

/** Sorts a compiler's arguments. Relative paths are relative to `folder`. File names are ignored. */
export async function sortFlags(words: readonly string[], folder: string): Promise<SortedFlags> {
  const kept: string[] = [];
  const dropped: DroppedFlag[] = [];
  const drop = (flag: string, why: string) => dropped.push({ flag, why });

  for (let at = 0; at < Math.min(words.length, MOST_WORDS); at++) {
    const word = words[at] ?? '';
    if (word.startsWith('@')) drop(word, WHY.response);
    if (!word.startsWith('-') || word === '-') continue;
    if (word.length > LONGEST_WORD || word.includes('\0')) {
      drop(word.slice(0, 80), WHY.unknown);
      continue;
    }
    if (OURS.test(word)) continue;
    if (OURS_WITH_VALUE.some(flag => flag === word)) {
      at++;
      continue;
    }
    const needsValue = WITH_VALUE.some(flag => flag === word);
    // `-I $(EMPTY) -Iinclude`: a flag is no value.
    const value =
      needsValue && !(word.startsWith('-I') && words[at + 1]?.startsWith('-')) ? words[++at] : undefined;
    if (needsValue && value === undefined) {
      drop(word, WHY.noValue);
      continue;
    }
    const shown = value === undefined ? word : `${word} ${value}`;
    const pathFlag = [...FOLDER_FLAGS, ...FILE_FLAGS].find(flag => word.startsWith(flag));
    if (/\$[({<]|\{\}/.test(shown)) drop(shown, WHY.computed);
    else if (pathFlag !== undefined) {
      const isFolder = FOLDER_FLAGS.some(flag => flag === pathFlag);
      const given = (value ?? word.slice(pathFlag.length)).replace(/^=/, '');
      const full = path.resolve(folder, given);
      if (given !== '' && (await isThere(full, isFolder))) kept.push(pathFlag, full);
      else drop(shown, isFolder ? WHY.missing : WHY.noFile);
    } else {
      const joined = value === undefined ? word : `${word}${value}`;
      if (/^-[DU]__TARGET_ARCH_/.test(joined)) drop(shown, WHY.architecture);
      else if (/^-Werror(?:=|$)|^-pedantic-errors$/.test(joined)) drop(shown, WHY.error);
      else if (KEPT.test(joined)) kept.push(joined);
      else if (word === '-mllvm' && /^-bpf-[\w-]+(?:=\w+)?$/.test(value ?? '')) kept.push(word, value ?? '');
      else drop(shown, WHY.unknown);
    }
  }
  return { kept, dropped };
}

/** Whether an argument tells where headers are or what a macro is. */
export function namesHeaders(word: string): boolean {
  return /^-(?:I|D|isystem|iquote|idirafter|include|imacros)/.test(word);
}

/** The folders that kept flags search, in order. */
export function includeFoldersOf(kept: readonly string[]): string[] {
  return kept.flatMap((word, at) => (FOLDER_FLAGS.some(flag => flag === kept[at - 1]) ? [word] : []));
}

async function isThere(file: string, folder: boolean): Promise<boolean> {
  try {
    const found = await stat(file);
    return folder ? found.isDirectory() : found.isFile();
  } catch {
    return false;
  }
}
