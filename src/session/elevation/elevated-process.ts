/**
 * A command on its way to more rights. Where there is no terminal, sudo reads the password from its standard input
 * (sudo -S): the password passes through the caller's dialog, memory and that pipe only. There is no file, no socket
 * and no program that another process of the same user could dial, replace or read.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Writable } from 'node:stream';
import { startPiped } from '../../system/child-process';
import { SessionError } from '../errors';
import type { ElevationPlan, ElevationUi } from './elevation';

/** sudo writes a question in one piece and then reads; this much later it is certain that nothing follows. */
const QUESTION_MS = 150;
/** Its own messages ("sudo: unable to resolve host …") come in pieces, each without the end of the line (warning(), lib/util/fatal.c). */
const MESSAGE_PIECE_MS = 3000;
const MESSAGE_PIECE = /^sudo(-rs)?(:|$)/;
/** Enough for every message; what came last is kept. */
const STDERR_CHARS = 64_000;
/** sudo reads up to 1023 bytes as one answer (SUDO_CONV_REPL_MAX, sudo_plugin.h), and a line break ends it. */
const ANSWER_BYTES = 1023;

export class ElevatedProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its exit code, null after a signal. Rejects with SessionError 'tracer-failed' when it cannot be started. */
  readonly ended: Promise<number | null>;
  stderr = '';

  private asks: boolean;
  /** What sudo wrote since its last answer. */
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
    // Messages are recognised by their English text (elevationRefusal).
    const kind = plan.way === 'already' ? 'tracer' : 'elevation';
    this.child = startPiped(kind, plan.command, plan.args, { extraEnv: { LC_ALL: 'C' } });
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_CHARS);
      if (plan.way === 'sudo-terminal') ui.tell?.(text);
      if (this.asks) this.heard(text);
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', error =>
        reject(new SessionError('tracer-failed', `${plan.command} could not be started: ${error.message}`)),
      );
      this.child.once('close', code => {
        this.stopAsking();
        resolve(code);
      });
    });
    this.ended.catch(() => undefined);
  }

  /**
   * To be called when the command itself has shown that it runs; before that sudo would take what is written for the
   * password. Gives its standard input.
   */
  stdinOfStarted(): Writable {
    this.stopAsking();
    return this.child.stdin;
  }

  private stopAsking(): void {
    this.asks = false;
    clearTimeout(this.quiet);
  }

  /** A line that does not end is a question, sudo's own or a PAM module's, unless more of it follows. */
  private heard(text: string): void {
    clearTimeout(this.quiet);
    this.unanswered = (this.unanswered + text).slice(-STDERR_CHARS);
    const question = this.unanswered.slice(this.unanswered.lastIndexOf('\n') + 1).trim();
    if (question === '') return;
    const quietMs = MESSAGE_PIECE.test(question) ? MESSAGE_PIECE_MS : QUESTION_MS;
    this.quiet = setTimeout(() => void this.answer(question), quietMs);
  }

  private async answer(prompt: string): Promise<void> {
    this.unanswered = '';
    // The answer is not echoed: what comes next would stand on the question's line.
    this.stderr += '\n';
    const attempt = (this.attempts.get(prompt) ?? 0) + 1;
    this.attempts.set(prompt, attempt);
    const password = await this.ui.password({ prompt, attempt }).catch(() => null);
    if (!this.asks) return;
    if (password === null) this.child.stdin.end();
    else this.child.stdin.write(oneAnswer(password));
  }
}

/** Nothing of it may be left in the pipe for whoever reads next. */
function oneAnswer(password: string): Buffer {
  const [line = ''] = password.split(/[\r\n]/);
  return Buffer.concat([Buffer.from(line).subarray(0, ANSWER_BYTES - 1), Buffer.from('\n')]);
}
