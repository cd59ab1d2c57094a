/** Formats a session's numbers for the tree, the status bar and CodeLens. No `vscode`. */
import type { Cost } from './cost-meter';

export function rate(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}

export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "85 ns per run · 0.02 % CPU": percent of one CPU, as in top(1). */
export function overhead({ nsPerRun, cpuPercent }: Cost): string {
  const share = cpuPercent > 0 && cpuPercent < 0.01 ? '< 0.01' : cpuPercent.toFixed(cpuPercent < 10 ? 2 : 0);
  return `${nsPerRun > 0 ? `${duration(nsPerRun)} per run · ` : ''}${share} % CPU`;
}

function duration(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(1)} µs` : `${(ns / 1e6).toFixed(1)} ms`;
}
