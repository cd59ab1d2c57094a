import type { ElevationUi } from '../session/elevation/elevation';
import { tell, tellPiece } from './terminal';

/** On a terminal sudo asks by itself; what it will be asked for, and why, is printed before. */
export function terminalUi(): ElevationUi {
  const hasTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    hasTerminal,
    consent: async ({ capabilities, objectName }) => {
      tell(`bpfw: to trace with ${objectName} the tracer gets, and keeps, only:`);
      for (const entry of capabilities)
        tell(`  CAP_${entry.capability.toUpperCase().padEnd(16)} ${entry.why}`);
      return true;
    },
    password: async () => null,
    tell: tellPiece,
  };
}
