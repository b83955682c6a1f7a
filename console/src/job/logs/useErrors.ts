import { useQueries } from "@tanstack/react-query";
import type { LogErrors, LogOf } from "../../api/logs.ts";
import type { Marked } from "./marks.ts";
import { errorsQuery } from "./queries.ts";

const TASKS_MAX = 64; // are asked; each has a request of its own
const PLACES = 300;
const PLACES_OF_MANY = 120; // of each task, where there are more than a few of them
const FEW = 8;

export interface Errors {
  count: number;
  /** There may be more. */
  isPartial: boolean;
  /** Where they are: the first of those that are close to each other. */
  places: Marked[];
  summary: string;
}

/** How many error lines there are in these logs, and where. */
export function useErrors(logs: readonly LogOf[], isEnabled: boolean): Errors {
  const asked = logs.slice(0, TASKS_MAX);
  const places = logs.length > FEW ? PLACES_OF_MANY : PLACES;
  return useQueries({
    queries: asked.map((of) => ({ ...errorsQuery(of, places), enabled: isEnabled })),
    combine: (answers) => {
      const known = answers.flatMap((answer) => (answer.data ? [answer.data] : []));
      return {
        count: known.reduce((sum, one) => sum + one.count, 0),
        isPartial: asked.length < logs.length || known.some((one) => !one.complete && one.ended),
        places: known.flatMap(placesOf),
        summary: known.find((one) => one.summary)?.summary ?? "",
      };
    },
  });
}

function placesOf({ task, places }: LogErrors): Marked[] {
  return places.map(({ offset, number, time }) => ({ task, offset, number: number ?? 0, time: time ?? 0 }));
}
