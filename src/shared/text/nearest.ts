/** Suggestions for mistyped names. */

/** Optimal string alignment distance, up to `limit`; limit + 1 for anything larger. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      current.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}

/** At most three of the names that differ least from `wanted`, nearest first; none if all differ much. */
export function nearest(wanted: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.min(3, Math.floor(wanted.length / 4)));
  const found: { name: string; far: number }[] = [];
  const bare = wanted.replace(/^_+/, '');
  for (const name of names) {
    const far = name.replace(/^_+/, '') === bare ? 0 : distance(wanted, name, limit);
    if (far <= limit) found.push({ name, far });
  }
  return found
    .sort((a, b) => a.far - b.far || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}
