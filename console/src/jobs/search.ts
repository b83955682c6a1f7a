/** From what the address says to the search the server understands. Pure. */
import type { Schemas } from "../api/client.ts";
import type { ListState } from "../shared/listState.ts";
import { parted } from "../shared/url.ts";

/** The filters of the list as they stand in the address; lists are comma separated. */
export const NO_FILTERS = {
  phase: "",
  mine: "",
  owner: "",
  engine: "",
  algorithm: "",
  flavor: "",
  pool: "",
  experiment: "",
  tag: "",
  /** `1d`, `7d`, `30d`, or two times in ms with a dash between. */
  created: "",
};
export type JobFilters = typeof NO_FILTERS;

type Search = Schemas["JobSearch"];
type Filter = { key: string; operator: string; value: string[] };

const DAY_MS = 86_400_000;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The times that `created` means at `now`, in ms; null when it says nothing. */
export function createdBetween(created: string, now: number): [number, number] | null {
  const days = /^(\d{1,3})d$/.exec(created);
  if (days) return [now - Number(days[1]) * DAY_MS, now + DAY_MS];
  const range = /^(\d{1,15})-(\d{1,15})$/.exec(created);
  return range ? [Number(range[1]), Number(range[2])] : null;
}

/** `key=value` or `key` of the tag filter, as the contract wants it. */
function tagsOf(tag: string) {
  return parted(tag).map((one) => {
    const at = one.indexOf("=");
    return at < 0 ? { key: one } : { key: one.slice(0, at), values: [one.slice(at + 1)] };
  });
}

/** The body of the search. `me` is the user's name, `now` the time in ms. */
export function jobSearch(
  state: Pick<ListState, "q" | "offset" | "size" | "sort" | "order">,
  filters: JobFilters,
  context: { me: string; workspace: string; now: number },
): Search {
  const wanted: Filter[] = [];
  const add = (key: string, operator: string, value: string[]) => {
    if (value.length > 0) wanted.push({ key, operator, value });
  };
  const text = state.q.trim();
  if (ID.test(text)) add("id", "in", [text.toLowerCase()]);
  else if (text) add("name", "like", [text]);
  add("phase", "in", parted(filters.phase));
  if (filters.mine) add("user_name", "in", [context.me]);
  else if (filters.owner) add("user_name", "like", [filters.owner]);
  if (filters.engine) add("engine_id", "in", parted(filters.engine));
  if (filters.algorithm) add("algorithm_name", "like", [filters.algorithm]);
  if (filters.flavor) add("flavor_id", "in", parted(filters.flavor));
  if (filters.pool) add("pool_id", "in", parted(filters.pool));
  if (filters.experiment) add("experiment_id", "in", parted(filters.experiment));
  const created = createdBetween(filters.created, context.now);
  if (created) add("create_time", "between", created.map(String));
  const tags = tagsOf(filters.tag);
  return {
    offset: state.offset,
    limit: state.size,
    sort_by: state.sort || "create_time",
    order: state.sort ? state.order : "desc",
    ...(context.workspace ? { workspace_id: context.workspace } : {}),
    ...(wanted.length > 0 ? { filters: wanted } : {}),
    ...(tags.length > 0 ? { tags } : {}),
  };
}

/** How many filters are set beside the search text. */
export function countFilters(filters: JobFilters): number {
  return Object.values(filters).filter((value) => value !== "").length;
}
