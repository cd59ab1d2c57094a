/** A duration scaled to ns, µs, ms or s with three significant digits: "950 ns", "1.23 µs", "75.0 ms", "12.3 s". */
export function formatDuration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${trim(ns)} ns`;
  if (size < 999.5e3) return `${threeDigits(ns / 1e3)} µs`;
  if (size < 999.5e6) return `${threeDigits(ns / 1e6)} ms`;
  return `${threeDigits(ns / 1e9)} s`;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Bytes scaled by 1024: "512 B", "4 KiB", "1.5 MiB". */
export function formatBytes(bytes: number): string {
  let scaled = bytes;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < SIZES.length - 1) {
    scaled /= 1024;
    unit++;
  }
  const text = Number.isInteger(scaled) ? String(scaled) : threeDigits(scaled);
  return `${text} ${SIZES[unit]}`;
}

/** A clock value in ns as seconds with microseconds: "12345.678901". */
export function formatTimestamp(ns: number | bigint): string {
  if (typeof ns === 'number' && ns >= 0 && Number.isSafeInteger(ns)) {
    const seconds = Math.floor(ns / 1e9);
    return `${seconds}.${String(Math.floor((ns - seconds * 1e9) / 1000)).padStart(6, '0')}`;
  }
  const whole = BigInt(typeof ns === 'number' ? Math.trunc(ns) : ns);
  const sign = whole < 0n ? '-' : '';
  const size = whole < 0n ? -whole : whole;
  const microseconds = (size / 1000n) % 1_000_000n;
  return `${sign}${size / 1_000_000_000n}.${String(microseconds).padStart(6, '0')}`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

function trim(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
