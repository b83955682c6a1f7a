import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { headObject, isOther, objectAddress, putObject, readBytes } from "../api/objects.ts";
import { keepDraft } from "./drafts.ts";
import { changed } from "./queries.ts";

/** What somebody else has done to a file since it was opened. */
export type Conflict = "changed" | "deleted";

const MARK = "\uFEFF";

async function whatHappened(bucket: string, key: string): Promise<Conflict> {
  // Not being able to ask takes nothing from the answer that something did.
  const there = await headObject(bucket, key).catch(() => undefined);
  return there === null ? "deleted" : "changed";
}

/** The etag of the object when it holds just these bytes: a save before, whose answer was lost. Empty otherwise. */
async function storedAlready(bucket: string, key: string, body: Blob): Promise<string> {
  const there = await readBytes(objectAddress(bucket, key), body.size + 1).catch(() => null);
  if (there === null || there.size !== body.size) return "";
  const [ours, theirs] = await Promise.all([body.arrayBuffer(), there.blob.arrayBuffer()]);
  const bytes = new Uint8Array(theirs);
  return new Uint8Array(ours).every((byte, index) => byte === bytes[index]) ? there.etag : "";
}

/** Saves a text over the object it came from, unless that has changed meanwhile. */
export function useSaving(bucket: string, key: string, first: { etag: string; hasMark: boolean }) {
  const queries = useQueryClient();
  const etag = useRef(first.etag);
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const { hasMark } = first;
  /** True when it is stored. */
  const save = useCallback(
    async (text: string, force = false): Promise<boolean> => {
      setSaving(true);
      setError(null);
      setConflict(null);
      const body = new Blob([hasMark ? MARK : "", text]);
      const isStored = (tag: string) => {
        etag.current = tag;
        keepDraft(bucket, key, null);
        changed(queries, bucket);
        return true;
      };
      try {
        const stored = await putObject(bucket, key, body, force ? {} : { replacing: etag.current });
        return isStored(stored.etag ?? "");
      } catch (failure) {
        if (!isOther(failure)) {
          setError(failure);
          return false;
        }
        const same = await storedAlready(bucket, key, body);
        if (same) return isStored(same);
        setConflict(await whatHappened(bucket, key));
        return false;
      } finally {
        setSaving(false);
      }
    },
    [bucket, key, hasMark, queries],
  );
  return { save, isSaving, error, conflict, dismiss: () => setConflict(null), etag };
}
