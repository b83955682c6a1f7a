/** From the address to what the server is asked about the trail. Pure. */
import type { operations } from "../api/schema.gen.ts";
import { createdBetween } from "../jobs/search.ts";

export const NO_FILTERS = {
  user: "",
  operation: "",
  resource: "",
  outcome: "",
  /** `1d`, `7d`, `30d`, or two times in ms with a dash between; `own` while these are not chosen yet. */
  time: "",
};
export type AuditFilters = typeof NO_FILTERS;

type Query = NonNullable<operations["audit_list"]["parameters"]["query"]>;

export const OUTCOMES = ["success", "denied", "failure"] as const;

/** The query of a page; `now` in ms is where ranges such as the last day end. What is empty is left out. */
export function auditQuery(filters: AuditFilters, now: number): Query {
  const outcome = OUTCOMES.find((one) => one === filters.outcome);
  const between = createdBetween(filters.time, now);
  // A range that ends now is open: records of this very moment belong to it.
  const isOpen = /d$/.test(filters.time);
  return {
    ...(filters.user ? { user_name: filters.user } : {}),
    ...(filters.operation ? { operation: filters.operation } : {}),
    ...(filters.resource ? { resource: filters.resource } : {}),
    ...(outcome ? { outcome } : {}),
    ...(between ? { since: between[0] } : {}),
    ...(between && !isOpen ? { until: between[1] } : {}),
  };
}

export function isNarrowed(filters: AuditFilters): boolean {
  return Object.values(filters).some((value) => value !== "");
}
