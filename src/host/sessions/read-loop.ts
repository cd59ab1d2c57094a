/** Runs `read` again and again, never twice at a time, until it is stopped. */
export class ReadLoop {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  /** `failed` gets what a run threw; the loop goes on unless it stops it. */
  constructor(
    private readonly read: () => Promise<unknown>,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(firstAfterMs: number, pauseMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.read()
        .catch(error => {
          if (!this.stopped) this.failed(error);
        })
        .finally(() => {
          if (!this.stopped) this.start(pauseMs, pauseMs);
        });
    }, firstAfterMs);
  }

  /** No run begins any more; resolves when the one under way is over. */
  stop(): Promise<unknown> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    return this.running;
  }
}
