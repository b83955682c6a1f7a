/** Quotas as people set them: a number, or no limit. Pure. */

/** What the server says for "no limit". */
export const UNLIMITED = -1;
export const QUOTA_MAX = 2 ** 31 - 1;

/** The quota of an empty field is none. */
export function quotaOf(field: number | null | undefined): number {
  return field === null || field === undefined ? UNLIMITED : field;
}

/** The field of a quota: empty where nothing limits. */
export function fieldOf(quota: number): number | null {
  return quota === UNLIMITED ? null : quota;
}

/** Those of `quotas` that `fields` change. */
export function changedQuotas(
  quotas: readonly { resource: string; quota: number }[],
  fields: Readonly<Record<string, number | null>>,
): { resource: string; quota: number }[] {
  return quotas
    .filter(({ resource }) => resource in fields)
    .map(({ resource, quota }) => ({ resource, quota, wanted: quotaOf(fields[resource]) }))
    .filter(({ quota, wanted }) => quota !== wanted)
    .map(({ resource, wanted }) => ({ resource, quota: wanted }));
}
