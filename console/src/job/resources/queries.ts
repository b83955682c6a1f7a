import { queryOptions } from "@tanstack/react-query";
import { api, data, inProject, type Schemas } from "../../api/client.ts";
import { jobKeys } from "../../jobs/queries.ts";

export type SampleBatch = Schemas["SamplesResponse"]["batches"][number];

const LIVE_MS = 5000;

/** A task's samples since `since_s` (UTC seconds); asked again while it runs. */
export const samplesQuery = (id: string, task: string, since_s: number, isLive: boolean) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "resources", task, since_s],
    queryFn: async ({ signal }) =>
      (
        await data(
          api.GET("/v2/{project_id}/training-jobs/{training_job_id}/metrics/{task_id}/samples", {
            params: { path: inProject({ training_job_id: id, task_id: task }), query: { since_s } },
            signal,
          }),
        )
      ).batches,
    refetchInterval: isLive ? LIVE_MS : false,
  });
