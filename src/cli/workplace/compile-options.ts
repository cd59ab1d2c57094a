/** Options of build, verify and run that say how a program is compiled. */
import { type Command, Option } from 'commander';
import { FLAG_SOURCES } from '../../project/model';
import type { GivenFlags, WantedSource } from '../../project/project-flags';
import { wordsOf } from '../../project/shell-words';

export interface CompileOptions {
  readonly include?: readonly string[];
  readonly define?: readonly string[];
  readonly cflags?: readonly string[];
  readonly vmlinux?: string;
  readonly flagsFrom?: WantedSource;
  readonly explain?: boolean;
}

const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/** Adds the options to a command. */
export function addCompileOptions(command: Command): Command {
  return command
    .option('-I, --include <folder>', 'search this folder for headers; repeatable', collect)
    .option('-D, --define <name[=value]>', 'define a macro; repeatable', collect)
    .option('--cflags <flags>', 'more flags for clang, as one argument; repeatable', collect)
    .option(
      '--vmlinux <file>',
      'take the kernel’s types from a vmlinux.h, a BTF file or a vmlinux instead of the target',
    )
    .addOption(
      new Option('--flags-from <source>', 'where the project’s flags come from; none: no build file is read')
        .choices(['auto', 'none', ...FLAG_SOURCES])
        .default('auto'),
    )
    .option('--explain', 'print which flags are used, where they come from, and what was left out');
}

/** The given flags; paths are relative to the current folder. */
export function givenFlags(options: CompileOptions): GivenFlags {
  return {
    includePaths: options.include ?? [],
    defines: options.define ?? [],
    compileFlags: (options.cflags ?? []).flatMap(wordsOf),
    folder: process.cwd(),
  };
}
