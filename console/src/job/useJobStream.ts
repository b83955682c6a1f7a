/** Keeps one job's page as the job is: the server tells of its events and phases, and what they touch is asked anew. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { address } from "../api/client.ts";
import { type StreamState, useEventStream } from "../api/stream.ts";
import { jobKeys } from "../jobs/queries.ts";

const GATHER_MS = 300;

export function useJobStream(id: string, isFinal: boolean): StreamState {
  const queries = useQueryClient();
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return useEventStream(isFinal ? null : address(`/v2/{project_id}/training-jobs/${id}/events/stream`), {
    events: ["event", "phase"],
    onEvent: () => {
      if (timer.current) return;
      timer.current = window.setTimeout(() => {
        timer.current = 0;
        void queries.invalidateQueries({ queryKey: jobKeys.one(id), predicate: isCheap });
      }, GATHER_MS);
    },
  });
}

/** Logs, metrics and resources follow the job by themselves. */
const OWN_PACE = new Set(["logs", "metrics", "resources"]);

function isCheap(query: { queryKey: readonly unknown[] }): boolean {
  return !OWN_PACE.has(String(query.queryKey[4]));
}
