/** What can be done to jobs, with the questions that are asked first. Used by the list and by the job's page. */

import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { groups } from "../shared/groups.ts";
import { useNotice } from "../shared/notice.tsx";
import { FINAL } from "../shared/Phase.tsx";
import { jobKeys } from "./queries.ts";
import { idOf, type Job } from "./types.ts";

const AT_ONCE = 8;

/** Which of `jobs` can be stopped: those that have not ended and are not being stopped. */
export function stoppable(jobs: readonly Job[]): Job[] {
  return jobs.filter((job) => !FINAL.has(job.status?.phase ?? "") && job.status?.phase !== "Terminating");
}

/** Which of `jobs` can be deleted: those in a final phase. */
export function deletable(jobs: readonly Job[]): Job[] {
  return jobs.filter((job) => FINAL.has(job.status?.phase ?? ""));
}

async function stop(id: string): Promise<void> {
  await api.POST("/v2/{project_id}/training-jobs/{training_job_id}/actions", {
    params: { path: inProject({ training_job_id: id }) },
    body: { action_type: "terminate" },
  });
}

/** Do something with each of `jobs`, with some at a time. */
export async function eachOf(jobs: readonly Job[], run: (job: Job) => Promise<unknown>): Promise<void> {
  const waiting = [...jobs];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) await run(job);
    }),
  );
}

async function remove(jobs: readonly Job[]): Promise<void> {
  // A batch is of one workspace (contract §6.3).
  const byWorkspace = groups(jobs, (job) => job.metadata.workspace_id ?? "0");
  for (const some of byWorkspace.values())
    await api.POST("/v2/{project_id}/training-jobs/batch-delete", {
      params: { path: inProject() },
      body: { jobs: some.map((job) => ({ kind: "job" as const, metadata: { id: idOf(job) } })) },
    });
}

/** Ask, then stop or delete; `onDone` afterwards. */
export function useJobActions(onDone: () => void = () => {}) {
  const { t } = useTranslation();
  const { may } = useSession();
  const confirm = useConfirm();
  const notice = useNotice();
  const queries = useQueryClient();

  async function refreshed() {
    await queries.invalidateQueries({ queryKey: jobKeys.all() });
    onDone();
  }

  return {
    mayCreate: may("modelarts:trainJob:create"),
    mayStop: may("modelarts:trainJob:stop"),
    mayDelete: may("modelarts:trainJob:delete"),
    mayUpdate: may("modelarts:trainJob:update"),
    stop: (jobs: readonly Job[]) => {
      const some = stoppable(jobs);
      confirm({
        title: t("jobs.stopTitle", { count: some.length, name: some[0]?.metadata.name }),
        content: t("jobs.stopKeeps"),
        action: t("jobs.stop"),
        run: async () => {
          try {
            await eachOf(some, (job) => stop(idOf(job)));
          } finally {
            await refreshed();
          }
          notice.done(t("jobs.stopped", { count: some.length }));
        },
      });
    },
    remove: (jobs: readonly Job[]) => {
      const some = deletable(jobs);
      confirm({
        title: t("jobs.deleteTitle", { count: some.length, name: some[0]?.metadata.name }),
        content: t("jobs.deleteKeeps"),
        action: t("jobs.delete"),
        run: async () => {
          await remove(some);
          await refreshed();
          notice.done(t("jobs.deleted", { count: some.length }));
        },
      });
    },
  };
}
