/** Lists of rows, changed one at a time. Pure. */
import type { Row } from "./form/model.ts";

export function changed<T extends Row>(rows: readonly T[], key: string, change: Partial<T>): T[] {
  return rows.map((row) => (row.key === key ? { ...row, ...change } : row));
}

export function without<T extends Row>(rows: readonly T[], key: string): T[] {
  return rows.filter((row) => row.key !== key);
}
