/** The path that the verifier walked to the error, from the steps and jumps of its log. */
import type { LogSource, LogStep } from './model';

/** A longer path is an unrolled loop: its oldest part is dropped. */
const MAX_PATH = 65_536;

/** Collects steps, and returns to a branch when the verifier does ("from X to Y"). */
export class LogPath {
  steps: LogStep[] = [];
  private source: LogSource | null = null;
  entryState = '';
  dropped = 0;
  /** C lines by instruction: after a jump the kernel repeats a line only when it has printed another one since. */
  private readonly sources = new Map<number, LogSource>();
  /** True when a C line was printed since the last instruction. */
  private sourceIsFresh = false;
  private readonly explored = new WeakSet<LogStep>();

  setSource(source: LogSource): void {
    this.source = source;
    this.sourceIsFresh = true;
  }

  step(instruction: number, text: string, state: string): void {
    const last = this.steps.at(-1);
    // A jump without a C line after it: the kernel printed that line on another path, which it has truncated.
    if (last && /goto pc/.test(last.text) && instruction !== last.instruction + 1 && !this.sourceIsFresh)
      this.source = this.sources.get(instruction) ?? null;
    this.sourceIsFresh = false;
    const { source } = this;
    if (source) this.sources.set(instruction, source);
    this.steps.push({ instruction, text, frame: this.frameOf(instruction), source, state });
    if (this.steps.length > MAX_PATH) {
      this.dropped += MAX_PATH / 2;
      this.steps = this.steps.slice(MAX_PATH / 2);
    }
  }

  state(state: string): void {
    const last = this.steps.at(-1);
    if (!last) this.entryState ||= state;
    else if (last.state === '') last.state = state;
  }

  /**
   * The verifier continues with the other branch of the jump at `from`: truncates the path after it. The kernel has
   * already truncated level 1 logs; in level 2 logs it is the latest such jump whose other branch is still unexplored.
   */
  jump(from: number, state: string): void {
    for (let at = this.steps.length - 1; at >= 0; at--) {
      const step = this.steps[at];
      if (!step || step.instruction !== from || this.explored.has(step)) continue;
      this.explored.add(step);
      this.steps.length = at + 1;
      step.state = state === '' ? step.state : state;
      break;
    }
    this.sourceIsFresh = false;
  }

  private frameOf(instruction: number): number {
    const last = this.steps.at(-1);
    if (!last) return 0;
    const call = /^call pc([+-]\d+)/.exec(last.text);
    if (call && last.instruction + 1 + Number(call[1]) === instruction) return last.frame + 1;
    if (last.text === 'exit') return Math.max(0, last.frame - 1);
    return last.frame;
  }
}
