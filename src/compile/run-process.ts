import { spawn } from 'node:child_process';

/** What is kept of each stream; a compiler that says more is cut, not buffered without end. */
const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024;

export interface ProcessResult {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and collects what it says. Rejects with the system's error when it cannot be started
 * (ENOENT, EACCES) and with an AbortError when `signal` ends it; a failing exit code is a result, not an error.
 */
export function runProcess(
  argv: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly signal?: AbortSignal; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const [command, ...rest] = argv;
    const child = spawn(command, rest, {
      cwd: options.cwd,
      signal: options.signal,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on('error', reject);
    child.on('close', code => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (bytes < OUTPUT_LIMIT_BYTES) chunks.push(chunk.subarray(0, OUTPUT_LIMIT_BYTES - bytes));
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
