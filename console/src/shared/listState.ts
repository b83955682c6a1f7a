/** What a list shows (search, page, order), kept in the address. */
import { useUrlState } from "./url.ts";

export interface ListState {
  q: string;
  /** From 1. */
  page: number;
  size: number;
  sort: string;
  order: "asc" | "desc";
  offset: number;
}

export type ListChange = Partial<{
  q: string;
  page: number;
  size: number;
  sort: string;
  order: "asc" | "desc";
}>;

export const PAGE_SIZES = [20, 50] as const;

/** The list's state; a change of anything but the page goes back to the first page. */
export function useListState(
  defaults: { sort?: string; order?: "asc" | "desc"; size?: number } = {},
): [ListState, (change: ListChange) => void] {
  const [state, set] = useUrlState({
    q: "",
    page: "1",
    size: String(defaults.size ?? 20),
    sort: defaults.sort ?? "",
    order: defaults.order ?? "desc",
  });
  const page = Math.max(1, Number.parseInt(state.page, 10) || 1);
  const size = Math.min(100, Math.max(1, Number.parseInt(state.size, 10) || 20));
  return [
    {
      q: state.q,
      page,
      size,
      sort: state.sort,
      order: state.order === "asc" ? "asc" : "desc",
      offset: (page - 1) * size,
    },
    (change) => {
      const texts: Record<string, string> = { page: String(change.page ?? 1) };
      for (const [name, value] of Object.entries(change)) if (name !== "page") texts[name] = String(value);
      set(texts, { push: change.page !== undefined });
    },
  ];
}
