import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { previewQuery } from "./asking.ts";
import { useDebounced } from "./useDebounced.ts";

const PAUSE_MS = 400;

/** What the server would run of `body`: asked when the typing pauses and the form says enough. */
export function usePreview(body: string) {
  const [isReady, setReady] = useState(false);
  const settled = useDebounced(body, PAUSE_MS);
  const isCurrent = settled === body;
  const answer = useQuery({ ...previewQuery(settled), enabled: isReady && isCurrent });
  const ask = useCallback((ready: boolean) => setReady(ready), []);
  return {
    data: isReady ? answer.data : undefined,
    error: isReady && isCurrent && !answer.isFetching ? answer.error : null,
    isStale: !isCurrent || answer.isFetching,
    ask,
  };
}
