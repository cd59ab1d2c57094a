/** Texts kept for the user to open, up to a size limit: the oldest are dropped, and a long one loses its middle. */

/** The tracer gives the kernel a log buffer of 16 MiB per program (tracer/libbpf/object.ts). */
const MOST_CHARACTERS_OF_ONE = 4 << 20;
const MOST_CHARACTERS = 16 << 20;

export class KeptLogs {
  /** In insertion order. */
  private readonly logs = new Map<string, string>();
  private characters = 0;

  constructor(
    private readonly mostOfOne = MOST_CHARACTERS_OF_ONE,
    private readonly most = MOST_CHARACTERS,
  ) {}

  get(name: string): string | null {
    return this.logs.get(name) ?? null;
  }

  set(name: string, log: string): void {
    this.forget(name);
    const kept = cutMiddle(log, this.mostOfOne);
    this.logs.set(name, kept);
    this.characters += kept.length;
    for (const oldest of this.logs.keys()) {
      if (this.characters <= this.most || oldest === name) return;
      this.forget(oldest);
    }
  }

  private forget(name: string): void {
    this.characters -= this.logs.get(name)?.length ?? 0;
    this.logs.delete(name);
  }
}

/** Keeps whole lines of the beginning and of the end, where the reason is, with a line between them about what was cut. */
function cutMiddle(log: string, most: number): string {
  if (log.length <= most) return log;
  const beginning = log.slice(0, log.lastIndexOf('\n', most / 4) + 1);
  const end = log.slice(log.indexOf('\n', log.length - (most * 3) / 4) + 1);
  const missing = log.slice(beginning.length, log.length - end.length);
  const lines = missing.split('\n').length - 1;
  // A copy, because a slice would keep the whole log in memory.
  return Buffer.from(
    `${beginning}… ${lines} lines omitted (${missing.length} characters): logs are limited to ${most} characters …\n${end}`,
  ).toString();
}
