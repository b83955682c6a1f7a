import { queryOptions } from "@tanstack/react-query";
import { api, data, inProject, type Schemas } from "../../api/client.ts";
import { jobKeys } from "../../jobs/queries.ts";

export type MetricSeries = Schemas["TrainingMetricsResponse"]["series"][number];

const POINTS = 1000; // about as many as a chart has pixels
const LIVE_MS = 3000;

/** What the job reported of itself; asked again and again while it runs. `attempt` 0 is all of them, null the latest. */
export const trainingMetricsQuery = (id: string, isLive: boolean, attempt: number | null = null) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "metrics", attempt],
    queryFn: async ({ signal }) =>
      (
        await data(
          api.GET("/v2/{project_id}/training-jobs/{training_job_id}/training-metrics", {
            params: {
              path: inProject({ training_job_id: id }),
              query: { max_points: POINTS, ...(attempt === null ? {} : { attempt }) },
            },
            signal,
          }),
        )
      ).series,
    refetchInterval: isLive ? LIVE_MS : false,
  });
