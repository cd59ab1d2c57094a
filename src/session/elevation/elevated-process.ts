/**
 * A command that is run with elevated rights. Without a terminal, sudo reads the password from its standard input
 * (sudo -S): the password passes only through the caller's dialog, memory and that pipe. There is no file, socket or
 * program that another process of the same user could read, connect to or replace.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Writable } from 'node:stream';
import { startPiped } from '../../system/child-process';
import { SessionError } from '../errors';
import type { ElevationPlan, ElevationUi } from './elevation';

/** sudo writes a prompt in one piece and then reads; after this time without output it is complete. */
const QUESTION_MS = 150;
/** sudo's messages ("sudo: unable to resolve host …") arrive in pieces without a newline (warning(), lib/util/fatal.c). */
const MESSAGE_PIECE_MS = 3000;
const MESSAGE_PIECE = /^sudo(-rs)?(:|$)/;
/** Enough for every message; the last characters are kept. */
const STDERR_CHARS = 64_000;
/** sudo reads up to 1023 bytes as one reply (SUDO_CONV_REPL_MAX, sudo_plugin.h), terminated by a newline. */
const ANSWER_BYTES = 1023;

export class ElevatedProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its exit code, null after a signal. Rejects with SessionError 'tracer-failed' when it cannot be started. */
  readonly ended: Promise<number | null>;
  stderr = '';

  private asks: boolean;
  /** sudo's output since its last reply. */
  private unanswered = '';
  private quiet: NodeJS.Timeout | undefined;
  private readonly attempts = new Map<string, number>();

  constructor(
    plan: ElevationPlan,
    private readonly ui: Pick<ElevationUi, 'password' | 'tell'>,
    log: (line: string) => void,
  ) {
    log(`${plan.command} ${plan.args.join(' ')}`);
    this.asks = plan.way === 'sudo-password';
    // elevation-refusal.ts recognises messages by their English text.
    const kind = plan.way === 'already' ? 'tracer' : 'elevation';
    this.child = startPiped(kind, plan.command, plan.args, { extraEnv: { LC_ALL: 'C' } });
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_CHARS);
      if (plan.way === 'sudo-terminal') ui.tell?.(text);
      if (this.asks) this.onStderr(text);
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', error =>
        reject(new SessionError('tracer-failed', `Starting ${plan.command} failed: ${error.message}`)),
      );
      this.child.once('close', code => {
        this.stopAsking();
        resolve(code);
      });
    });
    this.ended.catch(() => undefined);
  }

  /**
   * Returns the command's standard input. Call it only once the command itself is known to run; before that, sudo would
   * read what is written as the password.
   */
  stdinOfStarted(): Writable {
    this.stopAsking();
    return this.child.stdin;
  }

  private stopAsking(): void {
    this.asks = false;
    clearTimeout(this.quiet);
  }

  /** An unfinished line is a prompt, of sudo or a PAM module, unless more of it follows. */
  private onStderr(text: string): void {
    clearTimeout(this.quiet);
    this.unanswered = (this.unanswered + text).slice(-STDERR_CHARS);
    const question = this.unanswered.slice(this.unanswered.lastIndexOf('\n') + 1).trim();
    if (question === '') return;
    const quietMs = MESSAGE_PIECE.test(question) ? MESSAGE_PIECE_MS : QUESTION_MS;
    this.quiet = setTimeout(() => void this.answer(question), quietMs);
  }

  private async answer(prompt: string): Promise<void> {
    this.unanswered = '';
    // The reply is not echoed: without this, later output would follow on the prompt's line.
    this.stderr += '\n';
    const attempt = (this.attempts.get(prompt) ?? 0) + 1;
    this.attempts.set(prompt, attempt);
    const password = await this.ui.password({ prompt, attempt }).catch(() => null);
    if (!this.asks) return;
    if (password === null) this.child.stdin.end();
    else this.child.stdin.write(oneAnswer(password));
  }
}

/** Encodes a reply so that nothing of it remains in the pipe for the next reader. */
function oneAnswer(password: string): Buffer {
  const [line = ''] = password.split(/[\r\n]/);
  return Buffer.concat([Buffer.from(line).subarray(0, ANSWER_BYTES - 1), Buffer.from('\n')]);
}
