/** What was typed and not saved, kept in this browser: leaving a page loses nothing. */
import { project } from "../api/client.ts";
import { keep, kept } from "../shared/preferences.ts";

export interface Draft {
  text: string;
  /** Of the content that it was made from. */
  etag: string;
  /** ms. */
  at: number;
}

/** Local storage holds about five million characters for all. */
const LENGTH_MAX = 1_000_000;

const place = (bucket: string, key: string) => `draft.${project()}.${bucket}/${key}`;

export function draftOf(bucket: string, key: string): Draft | null {
  try {
    const draft: unknown = JSON.parse(kept(place(bucket, key)) ?? "null");
    return draft && typeof draft === "object" && "text" in draft ? (draft as Draft) : null;
  } catch {
    return null;
  }
}

export function keepDraft(bucket: string, key: string, draft: Draft | null): void {
  const isKept = draft !== null && draft.text.length <= LENGTH_MAX;
  keep(place(bucket, key), isKept ? JSON.stringify(draft) : null);
}
