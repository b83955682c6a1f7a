import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { api, data, inProject, project } from "../api/client.ts";
import { useNotice } from "../shared/notice.tsx";
import { filledPairs, type JobForm } from "./form/model.ts";
import { toBody } from "./form/toBody.ts";

/** Random text; `crypto.randomUUID` is missing where the page did not come by https. */
export function chance(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return [...bytes].map((byte) => "abcdefghijkmnpqrstuvwxyz23456789"[byte % 32]).join("");
}

/**
 * Makes the job, and its tags.
 *
 * Each body is sent with a key of its own: a second click, or another try after a lost answer, makes no second job.
 */
export function useCreate(onMade: (job: string) => void) {
  const queries = useQueryClient();
  const { failed } = useNotice();
  const sent = useRef({ body: "", key: "" });
  return useMutation({
    mutationFn: async (form: JobForm) => {
      const body = toBody(form);
      const text = JSON.stringify(body);
      if (sent.current.body !== text) sent.current = { body: text, key: chance(32) };
      const params = { path: inProject(), header: { "idempotency-key": sent.current.key } };
      const job = await data(api.POST("/v2/{project_id}/training-jobs", { params, body }));
      await tag(job.metadata.id, form).catch(failed); // the job is there; that is what counts
      return job.metadata.id;
    },
    retry: false,
    onSuccess: (job) => {
      void queries.invalidateQueries({ queryKey: [project(), "jobs"] });
      onMade(job);
    },
  });
}

async function tag(job: string, form: JobForm): Promise<void> {
  const tags = filledPairs(form.tags).map(({ name, value }) => ({ key: name, value }));
  if (tags.length === 0) return;
  await api.POST("/v2/{project_id}/modelarts-training-job/{training_job_id}/tags/create", {
    params: { path: inProject({ training_job_id: job }) },
    body: { tags },
  });
}
