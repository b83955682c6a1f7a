import { usePreference } from "./preferences.ts";

export interface Choosable {
  key: string;
  hidden?: boolean;
  fixed?: boolean;
}

interface Kept {
  order: string[];
  /** By key: whether it is shown, where that differs from its beginning. */
  shown: Record<string, boolean>;
}

const NONE: Kept = { order: [], shown: {} };

/** `columns` in the kept order: new ones keep their own place, unknown kept ones are left out. Pure. */
export function arranged<C extends Choosable>(columns: readonly C[], order: readonly string[]): C[] {
  const byKey = new Map(columns.map((column) => [column.key, column]));
  const kept = order.flatMap((key) => byKey.get(key) ?? []);
  const result = [...kept];
  columns.forEach((column, index) => {
    if (!order.includes(column.key)) result.splice(index, 0, column);
  });
  return [...result.filter((column) => column.fixed), ...result.filter((column) => !column.fixed)];
}

/** Which columns are shown in which order, as this person has chosen for the list `name`. */
export function useColumns<C extends Choosable>(name: string | undefined, columns: readonly C[]) {
  const [kept, keepThem] = usePreference<Kept>(`columns.${name ?? ""}`, NONE);
  const all = arranged(columns, kept.order);
  const isShown = (column: C) => column.fixed || (kept.shown[column.key] ?? !column.hidden);
  return {
    shown: all.filter(isShown),
    choice: all.map((column) => ({ column, isShown: Boolean(isShown(column)) })),
    choose: (key: string, visible: boolean) =>
      keepThem({ ...kept, shown: { ...kept.shown, [key]: visible } }),
    /** One place up. */
    move: (key: string) => {
      const order = all.map((column) => column.key);
      const at = order.indexOf(key);
      if (at > 0) order.splice(at - 1, 0, ...order.splice(at, 1));
      keepThem({ ...kept, order });
    },
    reset: () => keepThem(NONE),
  };
}
