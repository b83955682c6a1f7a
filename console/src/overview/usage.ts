/** The last day of each pool by owner, as bars. Pure. */
import type { Overview } from "./queries.ts";

export interface History {
  /** Whether it counts accelerator cards; CPUs otherwise. */
  isCards: boolean;
  /** Of the first span, in ms, and how long each is. */
  start: number;
  span: number;
  /** Owners, those who had most first; "" is all others. */
  owners: { name: string; values: number[] }[];
}

/** By pool id; pools that nobody used are left out. */
export function usageOf(overview: Pick<Overview, "usage" | "pools">): Map<string, History> {
  const { start, span } = overview.usage;
  const found = new Map<string, History>();
  for (const pool of overview.usage.pools) {
    const isCards =
      ((overview.pools ?? []).find((one) => one.pool_id === pool.pool_id)?.capacity.accelerators ?? 0) > 0;
    const owners = pool.owners.map((owner) => ({
      name: owner.user_name,
      values: isCards ? owner.accelerators : owner.cpus,
    }));
    if (owners.some((owner) => owner.values.some((value) => value > 0)))
      found.set(pool.pool_id, { isCards, start, span, owners });
  }
  return found;
}

/** The bars of one span from the ground up: where each owner's part begins and how high it is, as shares of `top`. */
export function stacked(
  owners: History["owners"],
  at: number,
  top: number,
): { from: number; height: number }[] {
  let from = 0;
  return owners.map((owner) => {
    const height = top > 0 ? (owner.values[at] ?? 0) / top : 0;
    const bar = { from, height };
    from += height;
    return bar;
  });
}
