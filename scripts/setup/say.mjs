/** Output of the set-up, on stderr: stdout belongs to the program that runs after it. */
export const say = text => process.stderr.write(`set-up: ${text}\n`);

/** A failed set-up step: what failed, why, and the fix. */
export class SetupError extends Error {
  /** @param {string} message @param {string} fix */
  constructor(message, fix) {
    super(`${message}\n  What you can do: ${fix}`);
    this.name = 'SetupError';
    this.fix = fix;
  }
}
