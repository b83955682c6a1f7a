/** The rows that are ticked in a list: kept from page to page until somebody clears them. Pure. */

/** `ticked` as the page that shows `shown` knows them: what changed since then is new, the rest is as it was. */
export function upToDate<T>(ticked: readonly T[], shown: readonly T[], keyOf: (row: T) => string): T[] {
  const known = new Map(shown.map((row) => [keyOf(row), row]));
  return ticked.map((row) => known.get(keyOf(row)) ?? row);
}

/** The ticked rows after the ticks changed to `keys`, in the order they were ticked. */
export function retick<T>(
  ticked: readonly T[],
  shown: readonly T[],
  keys: readonly string[],
  keyOf: (row: T) => string,
): T[] {
  const before = new Set(ticked.map(keyOf));
  const kept = upToDate(ticked, shown, keyOf).filter((row) => keys.includes(keyOf(row)));
  return [...kept, ...shown.filter((row) => keys.includes(keyOf(row)) && !before.has(keyOf(row)))];
}
