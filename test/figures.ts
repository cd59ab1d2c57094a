/** What a proof measured: printed, and kept in test/.work/figures for whoever cites it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

const folder = path.resolve(__dirname, '.work/figures');

/** The processor and the Node.js that the figures are of. */
export function thisMachine(): string {
  const model = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch;
  return `${model}, ${availableParallelism()} CPUs, Node.js ${process.version}`;
}

export function keepFigures(name: string, figures: Readonly<Record<string, unknown>>): void {
  const whole = { ...figures, machine: thisMachine(), at: new Date().toISOString() };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(whole, null, 2)}\n`);
  console.error(`${name}: ${JSON.stringify(whole)}`);
}
