/** Calls `read` repeatedly, never concurrently, until it is stopped. */
export class ReadLoop {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  /** `failed` receives a read's error; the loop continues unless `failed` stops it. */
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

  /** Starts no further read; resolves when the current one has finished. */
  stop(): Promise<unknown> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    return this.running;
  }
}
