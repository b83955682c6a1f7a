/** What was pasted, laid over what is there: the same name is replaced, a new one comes behind. Pure. */
import { type Pair, type Parameter, pair, parameter } from "../form/model.ts";
import type { Flag } from "../form/paste.ts";
import type { Terms } from "../form/terms.ts";

export function mergedPairs(rows: readonly Pair[], read: readonly [string, string][]): Pair[] {
  const values = new Map(read);
  const kept = rows.filter((row) => row.name !== "" || row.value !== "");
  const names = new Set(kept.map((row) => row.name));
  return [
    ...kept.map((row) => (values.has(row.name) ? { ...row, value: values.get(row.name) as string } : row)),
    ...[...values].filter(([name]) => !names.has(name)).map(([name, value]) => pair(name, value)),
  ];
}

/** What the algorithm's terms forbid is left as it is. */
export function mergedParameters(
  rows: readonly Parameter[],
  flags: readonly Flag[],
  terms: Terms | null,
): Parameter[] {
  const own = new Map((terms?.parameters ?? []).map((one) => [one.name, one]));
  const given = new Map(flags.map((flag) => [flag.name, flag]));
  const kept = rows.filter((row) => row.name !== "" || row.value !== "");
  const names = new Set(kept.map((row) => row.name));
  const added = [...given.values()].filter((flag) => !names.has(flag.name));
  return [
    ...kept.map((row) => {
      const flag = given.get(row.name);
      if (flag === undefined || own.get(row.name)?.editable === false) return row;
      return { ...row, value: flag.value, flag: flag.flag, unset: false };
    }),
    ...(terms && !terms.takesMore ? [] : added.map((flag) => parameter(flag.name, flag.value, flag.flag))),
  ];
}
