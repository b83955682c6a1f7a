/** Keeps what is shown of jobs as it is: asks anew when the server says that jobs of this project have changed. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { address } from "../api/client.ts";
import { type StreamState, useEventStream } from "../api/stream.ts";
import { jobKeys } from "./queries.ts";

/** Many jobs may change at the same moment; one request for all of them. */
const GATHER_MS = 400;

/** While jobs change all the time, no more often than this. */
const PACE_MS = 2000;

export function useJobChanges(): StreamState {
  const queries = useQueryClient();
  const timer = useRef(0);
  const last = useRef(Number.NEGATIVE_INFINITY);
  const changed = useCallback(() => {
    if (timer.current) return;
    const pause = Math.max(GATHER_MS, last.current + PACE_MS - performance.now());
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      last.current = performance.now();
      void queries.invalidateQueries({ queryKey: jobKeys.all() });
    }, pause);
  }, [queries]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return useEventStream(address("/v2/{project_id}/training-job-changes"), {
    // `ready` comes first and carries where the stream begins: a cut goes on from there.
    events: ["ready", "job", "reset"],
    onEvent: changed,
  });
}
