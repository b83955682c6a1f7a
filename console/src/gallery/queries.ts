/** The gallery of published algorithms, and the project's subscriptions to them. */
import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import { forget } from "../shared/forget.ts";
import type { ListState } from "../shared/listState.ts";

export type Item = Schemas["ItemResponse"];
export type Version = Schemas["ItemVersion"];
export type Subscription = Schemas["SubscriptionResponse"];

export const MAY = {
  publish: "modelarts:gallery:publish",
  subscribe: "modelarts:gallery:subscribe",
  run: "modelarts:trainJob:create",
} as const;

const galleryKey = () => [project(), "gallery"];
const subscriptionsKey = () => [project(), "subscriptions"];

/** What is known of the gallery and of subscriptions is old; the item `gone` is no more. */
export async function refreshGallery(queries: QueryClient, gone = ""): Promise<void> {
  await Promise.all([
    gone ? forget(queries, galleryKey(), gone) : queries.invalidateQueries({ queryKey: galleryKey() }),
    queries.invalidateQueries({ queryKey: subscriptionsKey() }),
  ]);
}

const SORTS = ["create_time", "update_time", "title"] as const;

export const itemsQuery = (state: ListState, own: boolean) =>
  queryOptions({
    queryKey: [...galleryKey(), "list", state, own],
    queryFn: async () => {
      const sort = SORTS.find((one) => one === state.sort);
      const query = {
        title: state.q.trim(),
        own,
        offset: state.offset,
        limit: state.size,
        ...(sort ? { sort_by: sort, order: state.order } : {}),
      };
      const params = { path: inProject(), query };
      const page = await data(api.GET("/v2/{project_id}/gallery/algorithms", { params }));
      return { items: page.items, total: page.count };
    },
    placeholderData: keepPreviousData,
  });

export const itemQuery = (item_id: string) =>
  queryOptions({
    queryKey: [...galleryKey(), item_id],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/gallery/algorithms/{item_id}", {
          params: { path: inProject({ item_id }) },
        }),
      ),
  });

const MOST = 50;

/** What the project has published, to publish the next version of. */
export const ownItemsQuery = (title: string) =>
  queryOptions({
    queryKey: [...galleryKey(), "own", title],
    queryFn: async () => {
      const query = { own: true, limit: MOST, title, sort_by: "update_time" as const };
      const params = { path: inProject(), query };
      return (await data(api.GET("/v2/{project_id}/gallery/algorithms", { params }))).items;
    },
    placeholderData: keepPreviousData,
  });

async function subscriptionsFrom(title: string, offset: number, limit: number) {
  const params = { path: inProject(), query: { title, offset, limit } };
  return data(api.GET("/v2/{project_id}/gallery/subscriptions", { params }));
}

export const subscriptionsQuery = (state: ListState) =>
  queryOptions({
    queryKey: [...subscriptionsKey(), "list", state],
    queryFn: async () => {
      const page = await subscriptionsFrom(state.q.trim(), state.offset, state.size);
      return { items: page.items, total: page.count };
    },
    placeholderData: keepPreviousData,
  });

/** All of the project's subscriptions, by the item they are of. */
export const subscribedQuery = () =>
  queryOptions({
    queryKey: [...subscriptionsKey(), "by-item"],
    queryFn: async () => {
      const found = new Map<string, Subscription>();
      for (let offset = 0; ; offset += MOST) {
        const page = await subscriptionsFrom("", offset, MOST);
        for (const one of page.items) found.set(one.item_id, one);
        if (page.items.length < MOST) return found;
      }
    },
  });

/** The newest version, when it is another than the one chosen. */
export function updateOf(subscription: Subscription): Version | null {
  const newest = subscription.item.versions?.[0];
  return newest && newest.id !== subscription.item_version_id ? newest : null;
}

/** The number that the next version has when nobody says another; the server's rule. */
export function nextNumber(numbers: readonly string[]): string {
  const parts = numbers.map((one) => one.split(".").map(Number));
  const [greatest] = parts.sort((a, b) => compareNumbers(b, a));
  if (greatest === undefined) return "1.0.0";
  return [...greatest.slice(0, -1), (greatest.at(-1) as number) + 1].join(".");
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1)
    if (a[at] !== b[at]) return (a[at] as number) - (b[at] as number);
  return a.length - b.length;
}
