/** The command line's syntax; docs/cli.md is the contract, and a test compares them. */
import { Command } from 'commander';
import { version } from '../../package.json';
import { buildCommand } from './commands/build';
import { doctorCommand } from './commands/doctor';
import { explainCommand } from './commands/explain';
import { inspectCommand } from './commands/inspect';
import { installTracerCommand, uninstallTracerCommand } from './commands/install-tracer';
import { newCommand } from './commands/new';
import { runCommand } from './commands/run';
import type { RunOptions } from './commands/run-options';
import { templatesCommand } from './commands/templates';
import { type TraceOptions, traceCommand } from './commands/trace';
import { verifyCommand } from './commands/verify';
import { EXIT } from './print/exit';
import type { EndReason } from './print/run-output';
import { print, tellMessage, tellText } from './print/terminal';
import { addCompileOptions } from './workplace/compile-options';

const TARGET = [
  '--target <target>',
  'local or vm; default: $BPFW_TARGET, else local when this kernel can be traced, else vm',
] as const;
const ALLOW = [
  '--allow <program>',
  'allow a program, by name, that may change the system; repeatable',
  collect,
  [] as string[],
] as const;
const JSON_LINES = ['--json', 'print one JSON object per line'] as const;
const PID = ['--pid <pid>', 'trace only this process; 0: all processes'] as const;
const FOR = ['--for <duration>', 'stop after 5s, 250ms, 2m …'] as const;
const INTERVAL = ['--interval <duration>', 'interval at which maps and histograms are printed'] as const;
const GUARD = [
  '--guard <percent>',
  'detach when programs and tracer use more than this share of one CPU over 5 s',
] as const;
const COMMAND = [
  '[command...]',
  'command to trace from its first system call; tracing ends when it exits',
] as const;

const COMPILING: ReadonlySet<string> = new Set(['build', 'verify', 'run']);

/** A new command line; `parseAsync` runs the command and throws CommanderError, also for --help. */
export function program(): Command {
  const bpfw = new Command('bpfw')
    .description('Write, run and understand eBPF programs: BPF Workbench on the command line.')
    .version(version)
    .showHelpAfterError()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: text => print(text.trimEnd().split('\n')),
      writeErr: tellText,
      outputError: tellMessage,
    })
    .exitOverride();

  bpfw
    .command('doctor')
    .description('check the environment: what works, what does not, and how to fix it')
    .option(...TARGET)
    .option(...JSON_LINES)
    .action(doctorCommand);
  bpfw
    .command('templates')
    .description('list the templates')
    .option(...JSON_LINES)
    .action(templatesCommand);
  bpfw
    .command('new')
    .description('copy a template into a folder; never overwrites')
    .argument('<template>')
    .argument('[folder]', 'default: the current folder')
    .action(newCommand);
  bpfw
    .command('build')
    .description('compile a program')
    .argument('<file.bpf.c>')
    .option('-o, --output <file.o>', 'default: the source file’s name with .o')
    .option(...TARGET)
    .option(...JSON_LINES)
    .action(buildCommand);
  bpfw
    .command('inspect')
    .description('show programs, maps, parameters, record types and panels of an object file')
    .argument('<file.o>')
    .option(...JSON_LINES)
    .action(inspectCommand);
  bpfw
    .command('verify')
    .description('load every program without attaching it, and explain the verifier’s rejections')
    .argument('<program>', 'a template’s name, a .bpf.c or a .o file')
    .option(...TARGET)
    .option(...ALLOW)
    .option(...JSON_LINES)
    .action(verifyCommand);
  bpfw
    .command('explain')
    .description('explain a verifier log of any origin')
    .argument('<file.log>', 'log printed by the kernel, libbpf or bpftool; - reads stdin')
    .option('--object <file.o>', 'the loaded object file, for exact lines and columns')
    .option('--source <file.c>', 'the source file, when there is no object file')
    .option(...JSON_LINES)
    .action(explainCommand);
  bpfw
    .command('run')
    .description('attach a template, a source or an object file, and print its events and maps')
    .usage('[options] <template|file.bpf.c|file.o> [-- command args...]')
    .argument('<program>', 'a template’s name, a .bpf.c or a .o file')
    .argument(...COMMAND)
    .option(...TARGET)
    .option('-p, --param <name=value>', 'set a parameter; repeatable', collect, [])
    .option(...PID)
    .option('--own-events', 'print the events of bpfw’s own processes, too')
    .option(...FOR)
    .option(...INTERVAL)
    .option(...GUARD)
    .option(
      '--program <name>',
      'attach this program of the object, and only those so named; repeatable',
      collect,
      [],
    )
    .option('--without <name>', 'do not attach this program of the object; repeatable', collect, [])
    .option(...ALLOW)
    .option(...JSON_LINES)
    .action(async (name: string, command: string[], options: RunOptions) =>
      exitFor(await runCommand(name, command, options)),
    );
  bpfw
    .command('trace')
    .description('make a program for a function, tracepoint or system call, attach it, and print its data')
    .usage('[options] <probe...> [-- command args...]')
    .argument(
      '<probe...>',
      'vfs_read, tcp:tcp_retransmit_skb, sys:openat, libc:malloc, ./server:handle_request',
    )
    .option('--count', 'how often it is called; this is the default')
    .option('--latency', 'how long it takes, as a histogram')
    .option('--hist <expression>', 'a histogram of a value')
    .option('--events', 'each call, with its arguments and result')
    .option('--stacks', 'who calls it')
    .option(
      '--by <expression>',
      'for each value of pid, tid, uid, comm, cpu, an argument …; repeatable',
      collect,
      [],
    )
    .option('--where <expression>', 'only calls for which this is true')
    .option(...TARGET)
    .option(...PID)
    .option(...FOR)
    .option(...INTERVAL)
    .option(...GUARD)
    .option('--print', 'print the program in C and attach nothing')
    .option(...JSON_LINES)
    .action(async (words: string[], options: TraceOptions) => {
      const command = afterDashes(bpfw);
      const probes = words.slice(0, words.length - command.length);
      const reason = await traceCommand(probes, command, options);
      if (reason !== null) exitFor(reason);
    });
  bpfw
    .command('install-tracer')
    .description('install the tracer where only root can change it, with a polkit policy for it')
    .action(installTracerCommand);
  bpfw
    .command('uninstall-tracer')
    .description('remove everything that install-tracer installed')
    .action(uninstallTracerCommand);
  for (const command of bpfw.commands) if (COMPILING.has(command.name())) addCompileOptions(command);
  return bpfw;
}

/** What follows --: commander adds it to the last list of arguments, and leaves the -- out. */
function afterDashes(bpfw: Command & { readonly rawArgs?: readonly string[] }): readonly string[] {
  const words = bpfw.rawArgs ?? [];
  const dashes = words.indexOf('--');
  return dashes < 0 ? [] : words.slice(dashes + 1);
}

function exitFor(reason: EndReason): void {
  process.exitCode = reason === 'interrupt' ? EXIT.interrupted : EXIT.done;
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
