/** The command line of `bpfw trace`: what is a probe, what belongs to the traced command, and what is refused. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { program } from '../../../src/cli/program';
import { TraceError } from '../../../src/trace/trace-error';
import { captureStdout } from './written';

/** Whichever kernel's types are here. */
const TARGET = existsSync('/sys/kernel/btf/vmlinux') ? 'local' : 'vm';

const stdout = captureStdout();
const run = (...words: string[]) =>
  program().parseAsync(['node', 'bpfw', 'trace', '--target', TARGET, ...words]);

describe('bpfw trace', () => {
  it('prints a program, and takes what follows -- for the command', async () => {
    await run('vfs_read', '--by', 'comm', '--print', '--', 'not a probe', '--', 'x');
    expect(stdout.text()).toContain('SEC("?fentry/vfs_read")');
    expect(stdout.text()).toContain('Written by: bpfw trace vfs_read --count --by comm');
  });

  it('refuses two kinds of answers at once', async () => {
    await expect(run('vfs_read', '--latency', '--events', '--print')).rejects.toThrow(
      'Choose one of --latency and --events.',
    );
  });

  it('refuses what is not a probe', async () => {
    await expect(run('vfs_read', 'not a probe', '--print')).rejects.toThrow(TraceError);
  });
});
