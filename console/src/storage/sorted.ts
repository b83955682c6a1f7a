/** The order of a folder's rows. Pure. */
import type { Entry } from "./queries.ts";

export interface Order {
  by: "name" | "size" | "time";
  isDown: boolean;
}

export const FIRST_ORDER: Order = { by: "name", isDown: false };

export function orderOf(text: string): Order {
  const by = text.replace(/^-/, "");
  return by === "name" || by === "size" || by === "time" ? { by, isDown: text.startsWith("-") } : FIRST_ORDER;
}

export function orderText(order: Order): string {
  return `${order.isDown ? "-" : ""}${order.by}`;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Folders first, whatever the order; `2.txt` before `10.txt`. */
export function sorted(entries: readonly Entry[], { by, isDown }: Order): Entry[] {
  const sign = isDown ? -1 : 1;
  const byName = (a: Entry, b: Entry) => collator.compare(a.name, b.name);
  return [...entries].sort((a, b) => {
    if (a.isFolder !== b.isFolder) return a.isFolder ? -1 : 1;
    if (by === "size" && a.size !== b.size) return sign * (a.size - b.size);
    if (by === "time" && a.modifiedAt !== b.modifiedAt) return sign * (a.modifiedAt - b.modifiedAt);
    return (by === "name" ? sign : 1) * byName(a, b);
  });
}
