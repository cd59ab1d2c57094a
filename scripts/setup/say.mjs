/** Words of the set-up, on stderr: stdout belongs to what runs after it. */
export const say = text => process.stderr.write(`set-up: ${text}\n`);

/** A set-up step that failed: what, why, and what to do. */
export class SetupError extends Error {
  /** @param {string} message @param {string} fix */
  constructor(message, fix) {
    super(`${message}\n  What you can do: ${fix}`);
    this.name = 'SetupError';
    this.fix = fix;
  }
}
