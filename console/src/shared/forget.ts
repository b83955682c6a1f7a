import type { QueryClient, QueryKey } from "@tanstack/react-query";

/**
 * What is known below `key` is old, for `id` is gone.
 *
 * Of `id` itself, whose key follows `key`, nothing is asked any more: its page may still be shown for a moment.
 */
export async function forget(queries: QueryClient, key: QueryKey, id: string): Promise<void> {
  const gone = [...key, id];
  await queries.invalidateQueries({ queryKey: gone, refetchType: "none" });
  await queries.invalidateQueries({ queryKey: key, predicate: (query) => query.queryKey[key.length] !== id });
}
