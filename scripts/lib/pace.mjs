/**
 * How fast this machine is during a test run. It is measured once, by the first caller, and passed to every process of the
 * run ($BPFW_TEST_SLOWNESS), so that all of them use the same deadlines.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Arithmetic on every processor at a time, as tests keep them busy: what else runs here takes its share. */
const WORK =
  'let x = 1; for (let i = 0; i < 1e8; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0; process.exitCode = x === 0 ? 1 : 0;';
/** What that takes on the quiet machine on which the deadlines in the tests were chosen, Node's start included. */
const QUIET_MS = 650;
/** Beyond that a run is hopeless, and its deadlines should still come. */
const MOST = 10;

/** The deadline, in ms, of a wait that is surely over after `quietMs` on a quiet machine. Waits of tests have theirs from here. */
export function deadlineMs(quietMs) {
  process.env.BPFW_TEST_SLOWNESS ||= String(measure());
  return Math.round(quietMs * Number(process.env.BPFW_TEST_SLOWNESS));
}

/** From now on as many of these processes' like are busy side by side: each gets its part of the machine. */
export function shareMachine(parts) {
  process.env.BPFW_TEST_SLOWNESS = String((deadlineMs(1000) / 1000) * parts);
}

/** Times slower than that machine; 1 when this is as fast or faster. */
function measure() {
  const all = Array(availableParallelism()).fill('"$0" -e "$1" &').join('\n');
  const startedAt = performance.now();
  execFileSync('sh', ['-c', `${all}\nwait`, process.execPath, WORK], { stdio: 'ignore' });
  const times = Math.min(Math.max((performance.now() - startedAt) / QUIET_MS, 1), MOST);
  if (times > 1.2)
    console.error(`This machine is slow or busy: tests wait ${times.toFixed(1)} times as long.`);
  return times;
}
