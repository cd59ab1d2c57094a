/**
 * Where a key leads in a list: `steps` has the places each key goes on or back from `at`; Home and End go to the ends.
 * The place is one of the list's; null for another key.
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
