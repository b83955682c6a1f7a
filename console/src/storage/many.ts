/** What is done to many objects at once: count, delete, copy, move. The server does as much as it can in a while. */
import { api, data, inProject, type Schemas } from "../api/client.ts";
import type { Entry } from "./queries.ts";

const KEYS_MAX = 1000;
const PREFIXES_MAX = 100;

export interface Amount {
  objects: number;
  bytes: number;
  /** There is more: counting took too long. */
  isMore: boolean;
}

/** How many files there are and how large. */
export async function amountOf(
  bucket: string,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<Amount> {
  const files = entries.filter((entry) => !entry.isFolder);
  const amount = {
    objects: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    isMore: false,
  };
  for (const { key } of entries.filter((entry) => entry.isFolder)) {
    const usage = await data(
      api.GET("/v1/{project_id}/buckets/{bucket}/usage", {
        params: { path: inProject({ bucket }), query: { prefix: key } },
        signal,
      }),
    );
    amount.objects += usage.objects;
    amount.bytes += usage.bytes;
    amount.isMore ||= !usage.complete;
  }
  return amount;
}

type Delete = (
  bucket: string,
  body: { keys: string[]; prefixes: string[] },
) => Promise<Schemas["DeletionResult"]>;

const deleteMany: Delete = (bucket, body) =>
  data(
    api.POST("/v1/{project_id}/buckets/{bucket}/deletions", {
      params: { path: inProject({ bucket }) },
      body,
    }),
  );

/** Delete it all; tells how many objects are gone after each request, between which it can be stopped. */
export async function removeAll(
  bucket: string,
  entries: readonly Entry[],
  onGone: (gone: number) => void,
  signal: AbortSignal,
  remove: Delete = deleteMany,
): Promise<void> {
  const keys = entries.flatMap((entry) => (entry.isFolder ? [] : entry.key));
  const prefixes = entries.flatMap((entry) => (entry.isFolder ? entry.key : []));
  let gone = 0;
  while (keys.length + prefixes.length > 0) {
    const body = { keys: keys.splice(0, KEYS_MAX), prefixes: prefixes.splice(0, PREFIXES_MAX) };
    for (let isComplete = false; !isComplete; ) {
      signal.throwIfAborted();
      const answer = await remove(bucket, body);
      gone += answer.deleted;
      onGone(gone);
      isComplete = answer.complete;
      // Keys are deleted in order; missing ones would be counted again.
      if (!isComplete) body.keys.splice(0, answer.deleted);
    }
  }
}

export interface Place {
  bucket: string;
  /** A folder's key, or "" for the bucket's top. */
  prefix: string;
}

type CopyBody = Schemas["Copy"];
type CopyOne = (bucket: string, body: CopyBody) => Promise<Schemas["CopyResult"]>;

const copyOne: CopyOne = (bucket, body) =>
  data(
    api.POST("/v1/{project_id}/buckets/{bucket}/copies", { params: { path: inProject({ bucket }) }, body }),
  );

/** Copy or move one file or folder to `target`; tells of each object. */
export async function copyTo(
  bucket: string,
  entry: Entry,
  target: { bucket: string; key: string },
  how: { move: boolean; overwrite: boolean },
  onDone: (objects: number) => void,
  signal: AbortSignal,
  copy: CopyOne = copyOne,
): Promise<void> {
  let after = "";
  do {
    signal.throwIfAborted();
    const body = { source: entry.key, target: target.key, target_bucket: target.bucket, ...how, after };
    const answer = await copy(bucket, body);
    onDone(answer.objects);
    after = answer.next_after ?? "";
  } while (after !== "");
}

/** The key that `entry` has in the folder `prefix`. */
export function keyIn(prefix: string, entry: Entry): string {
  return `${prefix}${entry.name}${entry.isFolder ? "/" : ""}`;
}
