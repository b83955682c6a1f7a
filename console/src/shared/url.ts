/** State that lives in the address, so that any view can be sent to a colleague. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

type Values = Record<string, string>;

/**
 * The named search parameters, with `defaults` for those that are absent; what equals its default leaves the address.
 *
 * Parameters of others are left alone. `set` replaces the history entry; give `{ push: true }` for what the back
 * button should undo.
 */
export function useUrlState<T extends Values>(
  defaults: T,
): [T, (change: Partial<Record<keyof T, string | null>>, options?: { push?: boolean }) => void] {
  const [search, setSearch] = useSearchParams();
  const key = JSON.stringify(defaults);
  const state = useMemo(() => {
    const values: Values = JSON.parse(key);
    for (const name of Object.keys(values)) values[name] = search.get(name) ?? (values[name] as string);
    return values as T;
  }, [search, key]);
  const set = useCallback(
    (change: Partial<Record<keyof T, string | null>>, options: { push?: boolean } = {}) => {
      const known: Values = JSON.parse(key);
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(change)) {
            if (value === null || value === undefined || value === known[name]) after.delete(name);
            else after.set(name, String(value));
          }
          return after;
        },
        { replace: !options.push },
      );
    },
    [setSearch, key],
  );
  return [state, set];
}

/** Several values in one parameter: `a,b`. Commas in values are escaped. */
export function joined(values: readonly string[]): string {
  return values.map(encodeURIComponent).join(",");
}

export function parted(value: string): string[] {
  return value ? value.split(",").map(decodeURIComponent) : [];
}
