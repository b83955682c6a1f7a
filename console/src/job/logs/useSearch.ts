import { useEffect, useRef, useState } from "react";
import type { LogOf, SearchWords } from "../../api/logs.ts";
import { useNotice } from "../../shared/notice.tsx";
import type { Row } from "./rows.ts";
import { beside, type Match, NO_PROGRESS, nearest, ordered, type Progress, Search } from "./search.ts";

const AGAIN_MS = 3000;

interface Searching extends Progress {
  /** Of the match that is shown, from 0; -1: none of those that are known. */
  current: number;
  /** Go to the next match behind the line that is shown, or to the one before it; around at the ends. */
  step: (isForward: boolean) => void;
}

interface SearchOptions {
  logs: readonly LogOf[];
  words: SearchWords | null;
  /** The logs grow: what comes is searched, too. */
  isLive: boolean;
  /** The line to search on from: the match that is shown, else the first in view. */
  from: () => Row | undefined;
  isCurrent: (match: Match) => boolean;
  onMatch: (match: Match) => void;
}

/** Searches whole logs on the server, and walks through what is found. */
export function useSearch(options: SearchOptions): Searching {
  const { logs, words, isLive } = options;
  const [progress, setProgress] = useState<Progress>(NO_PROGRESS);
  const latest = useRef(options);
  latest.current = options;
  const notice = useNotice();
  const walking = useRef(new AbortController());
  useEffect(() => {
    setProgress(NO_PROGRESS);
    if (words === null) return;
    const search = new Search(logs, words, () => setProgress(search.progress));
    void search.goOn();
    const timer = isLive
      ? window.setInterval(() => {
          if (!document.hidden && search.progress.isDone && !search.progress.error) void search.goOn();
        }, AGAIN_MS)
      : 0;
    return () => {
      window.clearInterval(timer);
      search.stop();
      walking.current.abort();
    };
  }, [logs, words, isLive]);

  async function walk(isForward: boolean) {
    const { from, onMatch } = latest.current;
    if (words === null) return;
    const row = from();
    const place = row ?? {
      task: logs[0]?.task ?? "",
      offset: isForward ? -1 : Number.MAX_SAFE_INTEGER,
      time: 0,
    };
    const { matches, isDone, isCapped } = progress;
    const index = beside(matches, place, isForward, ordered(logs));
    const isCertain = (isDone && !isCapped) || (index >= 0 && (isForward || index < matches.length - 1));
    let match = matches[index] ?? null;
    if (!isCertain && logs.length === 1) {
      walking.current.abort();
      walking.current = new AbortController();
      const { signal } = walking.current;
      match = await nearest(logs[0] as LogOf, words, place.offset, isForward, signal);
      const end = isForward ? -1 : Number.MAX_SAFE_INTEGER;
      match ??= await nearest(logs[0] as LogOf, words, end, isForward, signal);
    }
    match ??= (isForward ? matches[0] : matches.at(-1)) ?? null; // around
    if (match) onMatch(match);
  }

  return {
    ...progress,
    current: progress.matches.findIndex(options.isCurrent),
    step: (isForward) =>
      void walk(isForward).catch((error: unknown) => {
        if (!(error instanceof DOMException)) notice.failed(error);
      }),
  };
}
