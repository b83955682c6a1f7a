/** Buckets and what lies in them. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import { listObjects, type ObjectItem } from "../api/objects.ts";
import { folderOf, nameOf } from "../shared/obsPath.ts";

const PAGE = 1000;

export const bucketsQuery = () =>
  queryOptions({
    queryKey: [project(), "buckets"],
    queryFn: async () => {
      const answer = await data(api.GET("/v1/{project_id}/buckets", { params: { path: inProject() } }));
      return answer.buckets.map((bucket) => bucket.name);
    },
  });

/** A folder or an object of the folder that is shown. */
export interface Entry {
  key: string;
  name: string;
  isFolder: boolean;
  size: number;
  /** ms; 0 for folders. */
  modifiedAt: number;
}

type Listing = Schemas["ObjectListing"];

/** What lies right in the folder `prefix`, of it what begins with `begin`; pages come as they are asked for. */
export const listingQuery = (bucket: string, prefix: string, begin = "") =>
  infiniteQueryOptions({
    queryKey: [project(), "objects", bucket, prefix, begin],
    queryFn: ({ pageParam, signal }) =>
      listObjects(bucket, { prefix: prefix + begin, after: pageParam, limit: PAGE, folded: true }, signal),
    initialPageParam: "",
    getNextPageParam: (page: Listing) => page.next_after || undefined,
    select: (pages: InfiniteData<Listing, string>) => entriesOf(pages.pages, prefix),
  });

/** The rows of a folder: page by page, in each the folders first, so that what comes later never moves what is there. */
export function entriesOf(pages: readonly Listing[], prefix: string): Entry[] {
  const entries: Entry[] = [];
  for (const page of pages) {
    for (const key of page.prefixes ?? [])
      entries.push({ key, name: nameOf(key), isFolder: true, size: 0, modifiedAt: 0 });
    for (const item of page.objects) if (item.key !== prefix) entries.push(entryOf(item));
  }
  return entries;
}

function entryOf(item: ObjectItem): Entry {
  return {
    key: item.key,
    name: nameOf(item.key),
    isFolder: item.key.endsWith("/"),
    size: item.size,
    modifiedAt: item.modified_at_ms,
  };
}

/** Something in `bucket` has changed: what is shown of it is asked for anew. */
export function changed(queries: QueryClient, bucket: string): void {
  void queries.invalidateQueries({ queryKey: [project(), "objects", bucket] });
}

/** Where a picker or page begins that was given `key`: the folder itself, or the one an object lies in. */
export function folderShown(key: string): string {
  return key === "" || key.endsWith("/") ? key : folderOf(key);
}
