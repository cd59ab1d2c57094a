/** The conversation with a program that asks on stderr and reads stdin as sudo -S does; real sudo answers in test/kernel/elevation. */
import { describe, expect, it } from 'vitest';
import { ElevatedProcess } from '../../../src/session/elevation/elevated-process';

type Question = { readonly prompt: string; readonly attempt: number };

/** `answers`: one a question, null cancels. `rest` is written when the script says on stdout that it was started. */
async function converse(script: string, answers: readonly (string | null)[], rest = '') {
  const questions: Question[] = [];
  const ui = {
    password: async (question: Question) => {
      questions.push(question);
      return answers[questions.length - 1] ?? null;
    },
  };
  const log: string[] = [];
  const plan = { way: 'sudo-password', command: '/bin/sh', args: ['-c', script] } as const;
  const elevated = new ElevatedProcess(plan, ui, line => log.push(line));
  let stdout = '';
  elevated.child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '' && text.startsWith('started')) elevated.stdinOfStarted().end(rest);
    stdout += text;
  });
  const code = await elevated.ended;
  return { code, stdout, questions, log: log.join('\n'), stderr: elevated.stderr };
}

const ask = (prompt: string, name: string) => `printf '%s' '${prompt}' >&2; IFS= read -r ${name} || exit 3`;

describe('ElevatedProcess', () => {
  it('answers each question once, and passes the rest of stdin to the started command', async () => {
    const script = `${ask('[sudo] password for dev: ', 'a')}; ${ask('Verification code: ', 'b')}
echo started; printf 'working: ' >&2; read -r line; echo "$a|$b|$line"; cat`;
    expect(await converse(script, ['secret', '123456'], 'token\nmore')).toMatchObject({
      code: 0,
      stdout: 'started\nsecret|123456|token\nmore',
      questions: [
        { prompt: '[sudo] password for dev:', attempt: 1 },
        { prompt: 'Verification code:', attempt: 1 },
      ],
    });
  });

  it('counts how often the same question came', async () => {
    const question = ask('Password: ', 'a');
    const script = `${question}; echo 'Sorry, try again.' >&2; ${question}; echo started; cat`;
    expect((await converse(script, ['a', 'b'])).questions).toEqual([
      { prompt: 'Password:', attempt: 1 },
      { prompt: 'Password:', attempt: 2 },
    ]);
  });

  it('takes neither a lecture nor a message that comes in pieces for a question', async () => {
    const pieces = ['sudo', ': ', 'unable to resolve host', ': ', 'Name or service not known', '\\n'];
    const written = pieces.map(piece => `printf '${piece}' >&2; sleep 0.2`).join('; ');
    const script = `printf 'We trust you.\\n\\n    #1) Respect.\\n\\n' >&2; ${written}; ${ask('Password: ', 'a')}; echo started; cat`;
    expect((await converse(script, ['x'])).questions).toEqual([{ prompt: 'Password:', attempt: 1 }]);
  });

  it('ends stdin when the user cancels', async () => {
    expect(await converse(ask('Password: ', 'a'), [null])).toMatchObject({ code: 3 });
  });

  it('leaves nothing of an answer for the next reader', async () => {
    const script = `${ask('Password: ', 'a')}; echo started; cat`;
    expect((await converse(script, ['one\ntwo'], 'token')).stdout).toBe('started\ntoken');
    const size = `${ask('Password: ', 'a')}; echo started; printf %s "$a" | wc -c; cat`;
    expect((await converse(size, ['x'.repeat(5000)], 'token')).stdout).toBe('started\n1022\ntoken');
  });

  it('puts the password in no argument, no log line and no environment', async () => {
    const script = `${ask('Password: ', 'a')}; unset a; echo started; tr '\\0' '\\n' </proc/$$/environ; tr '\\0' ' ' </proc/$$/cmdline`;
    const { stdout, log, stderr } = await converse(script, ['correct horse']);
    expect(stdout).toContain('LC_ALL=C');
    expect(`${stdout}${log}${stderr}`).not.toContain('correct horse');
    expect(stdout).not.toContain('PATH=/');
  });

  it('reports it when the program cannot be started', async () => {
    const plan = { way: 'sudo-password', command: '/nowhere/sudo', args: [] } as const;
    const elevated = new ElevatedProcess(plan, { password: async () => null }, () => undefined);
    await expect(elevated.ended).rejects.toMatchObject({ code: 'tracer-failed' });
  });
});
