/** What bpfw takes on its command line; docs/cli.md is the contract, and a test compares. */
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
import { verifyCommand } from './commands/verify';
import { EXIT } from './exit';
import { print, tellMessage, tellText } from './terminal';

const TARGET = [
  '--target <target>',
  'local or vm; without it $BPFW_TARGET, else local where this kernel can be traced, else vm',
] as const;
const ALLOW = [
  '--allow <program>',
  'consent to a program that may change the system, by its name; repeatable',
  collect,
  [] as string[],
] as const;
const JSON_LINES = ['--json', 'one JSON object a line'] as const;

/** A fresh command line; `parseAsync` runs what it names and throws CommanderError for help, too. */
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
    .description('what works here, what does not, and how to fix it')
    .option(...TARGET)
    .option(...JSON_LINES)
    .action(doctorCommand);
  bpfw
    .command('templates')
    .description('the templates there are')
    .option(...JSON_LINES)
    .action(templatesCommand);
  bpfw
    .command('new')
    .description('copy a template into a folder; never overwrites')
    .argument('<template>')
    .argument('[folder]', 'default: the current one')
    .action(newCommand);
  bpfw
    .command('build')
    .description('compile a program')
    .argument('<file.bpf.c>')
    .option('-o, --output <file.o>', 'default: the source’s name with .o')
    .option(...TARGET)
    .option(...JSON_LINES)
    .action(buildCommand);
  bpfw
    .command('inspect')
    .description('programs, maps, parameters, record types, and the panels they will get')
    .argument('<file.o>')
    .option(...JSON_LINES)
    .action(inspectCommand);
  bpfw
    .command('verify')
    .description('ask the kernel’s verifier about every program, attach none; rejections are explained')
    .argument('<program>', 'a template’s name, a .bpf.c or a .o')
    .option(...TARGET)
    .option(...ALLOW)
    .option(...JSON_LINES)
    .action(verifyCommand);
  bpfw
    .command('explain')
    .description('explain a verifier log from anywhere')
    .argument('<file.log>', 'as the kernel, libbpf or bpftool printed it; - reads stdin')
    .option('--object <file.o>', 'the object that was loaded: exact lines and columns')
    .option('--source <file.c>', 'its source, where there is no object')
    .option(...JSON_LINES)
    .action(explainCommand);
  bpfw
    .command('run')
    .description('attach a template, a source or an object file, and print what it sees')
    .usage('[options] <template|file.bpf.c|file.o> [-- command args...]')
    .argument('<program>', 'a template’s name, a .bpf.c or a .o')
    .argument('[command...]', 'started stopped, traced from its first call; tracing ends when it ends')
    .option(...TARGET)
    .option('-p, --param <name=value>', 'set a parameter; repeatable', collect, [])
    .option('--pid <pid>', 'only this process; 0: everything')
    .option('--for <duration>', 'stop after 5s, 250ms, 2m …')
    .option('--interval <duration>', 'print maps and histograms this often')
    .option('--guard <percent>', 'detach when programs and tracer take more of one CPU than this, over 5 s')
    .option(...ALLOW)
    .option(...JSON_LINES)
    .action(async (name: string, command: string[], options: RunOptions) => {
      const reason = await runCommand(name, command, options);
      process.exitCode = reason === 'interrupt' ? EXIT.interrupted : EXIT.done;
    });
  bpfw
    .command('install-tracer')
    .description('put the tracer where only root can change it, with a polkit policy for it alone')
    .action(installTracerCommand);
  bpfw
    .command('uninstall-tracer')
    .description('remove what install-tracer installed')
    .action(uninstallTracerCommand);
  return bpfw;
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
