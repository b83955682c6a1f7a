import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { type LogOf, type SearchWords, searchLog } from "../../api/logs.ts";
import type { Scroller } from "./scroller.ts";
import { type Match, matchOf, type Progress } from "./search.ts";

const PAUSE_MS = 250;

/**
 * What the server has found in a line. Of an expression only the server knows where it matches, so for lines in view
 * that are beyond the matches that are kept it is asked anew.
 */
export function useFound(
  logs: readonly LogOf[],
  words: SearchWords | null,
  progress: Progress,
  scroller: Scroller,
): (key: string) => Match | undefined {
  const { matches, isCapped, isDone, error } = progress;
  const kept = useMemo(() => new Map(matches.map((match) => [match.key, match])), [matches]);
  const [near, setNear] = useState<ReadonlyMap<string, Match>>(new Map());
  const of = logs.length === 1 ? logs[0] : undefined;
  const isNeeded = Boolean(of && words?.regex && !error && (isCapped || !isDone));
  // Where it is not needed, nothing renders again as one scrolls.
  const from = useSyncExternalStore(scroller.subscribe, () => {
    const { rows, first } = scroller.get();
    return isNeeded ? (rows[first]?.offset ?? 0) : 0;
  });
  const count = useSyncExternalStore(scroller.subscribe, () => {
    const { first, last } = scroller.get();
    return isNeeded ? last - first : 0;
  });
  useEffect(() => {
    if (!isNeeded || !of || !words || count === 0) {
      setNear((before) => (before.size > 0 ? new Map() : before));
      return;
    }
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      searchLog(of, words, { offset: from, limit: count, count_on: false }, abort.signal)
        .then((found) =>
          setNear(new Map(found.matches.map((one) => matchOf(of.task, one)).map((one) => [one.key, one]))),
        )
        .catch(() => setNear(new Map())); // the search itself says what is wrong
    }, PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [isNeeded, of, words, from, count]);
  return (key) => kept.get(key) ?? near.get(key);
}
