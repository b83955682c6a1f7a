/** `items` by what `keyOf` says of each, in the order they come. */
export function groups<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const some = found.get(key);
    if (some) some.push(item);
    else found.set(key, [item]);
  }
  return found;
}
