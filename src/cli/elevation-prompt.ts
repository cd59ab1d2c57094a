import type { ElevationUi } from '../session/elevation';

/** On a terminal sudo asks by itself; what it will be asked for, and why, is said before. */
export function terminalUi(): ElevationUi {
  const hasTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    hasTerminal,
    consent: async ({ budget, program }) => {
      process.stderr.write(`bpfw: to trace with ${program} the helper gets, and keeps, only:\n`);
      for (const entry of budget)
        process.stderr.write(`  CAP_${entry.capability.toUpperCase().padEnd(16)} ${entry.why}\n`);
      return true;
    },
    password: async () => null,
  };
}
