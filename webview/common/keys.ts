/**
 * The index a key moves to in a list: `steps` has the offset of each key from `at`; Home and End go to the ends.
 * Clamped to the list; null for other keys.
 */
export function placeAfter(
  event: KeyboardEvent,
  at: number,
  last: number,
  steps: Readonly<Record<string, number>>,
): number | null {
  const step = steps[event.key];
  const place = event.key === 'Home' ? 0 : event.key === 'End' ? last : step === undefined ? null : at + step;
  if (place === null) return null;
  event.preventDefault();
  return Math.max(0, Math.min(last, place));
}

/** Ctrl+C, or Cmd+C: the page copies, not the browser. */
export function isCopyKey(event: KeyboardEvent): boolean {
  if (event.key !== 'c' || !(event.ctrlKey || event.metaKey)) return false;
  event.preventDefault();
  return true;
}
