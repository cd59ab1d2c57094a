/** The CPU time of one of the guest's CPUs, as this machine's scheduler counts it for the thread of QEMU that is it. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * The guest's own scheduler counts time in which this machine ran something else as the guest's; on a busy machine that
 * is most of it, and more for whoever computes all the time than for whoever waits.
 */
export class EmulatedCpu {
  private readonly pid = qemuOf(process.pid);
  private thread: string | null = null;
  private before = new Map<string, number>();
  private after = new Map<string, number>();

  mark(end: 'begin' | 'end'): void {
    if (end === 'begin') this.before = this.times();
    else this.after = this.times();
  }

  /** The thread that computed most between the last marks is the CPU from now on. */
  choose(): void {
    const [most] = [...this.after.keys()].sort((a, b) => this.between(b) - this.between(a));
    this.thread = most ?? null;
  }

  /** Between the last marks. */
  get elapsedNs(): number {
    return this.thread === null ? Number.NaN : this.between(this.thread);
  }

  private between(thread: string): number {
    return (this.after.get(thread) ?? 0) - (this.before.get(thread) ?? 0);
  }

  private times(): Map<string, number> {
    const folder = `/proc/${this.pid}/task`;
    return new Map(
      readdirSync(folder).flatMap(thread => {
        try {
          return [[thread, Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0])]];
        } catch {
          // QEMU's helper threads end by themselves.
          return [];
        }
      }),
    );
  }
}

/** Throws when this process has not started a QEMU, directly or through another program. */
function qemuOf(ancestor: number): number {
  const children = readdirSync(`/proc/${ancestor}/task`).flatMap(thread =>
    readFileSync(`/proc/${ancestor}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  for (const child of children) {
    if (readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('qemu-system')) return child;
    try {
      return qemuOf(child);
    } catch {
      // Another child.
    }
  }
  throw new Error(`process ${ancestor} has started no QEMU`);
}
