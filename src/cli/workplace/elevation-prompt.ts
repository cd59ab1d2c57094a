import type { ElevationUi } from '../../session/elevation/elevation';
import { tell, tellPiece } from '../print/terminal';

/** On a terminal sudo asks for the password itself; the capabilities and their reasons are printed before. */
export function terminalUi(): ElevationUi {
  const hasTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    hasTerminal,
    consent: async ({ capabilities, objectName }) => {
      tell(`bpfw: to trace with ${objectName}, the tracer gets and keeps only these capabilities:`);
      for (const entry of capabilities)
        tell(`  CAP_${entry.capability.toUpperCase().padEnd(16)} ${entry.why}`);
      return true;
    },
    password: async () => null,
    tell: tellPiece,
  };
}
