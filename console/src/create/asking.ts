/** What the server says of a job that is not made yet, and of what it names. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, inProject, project } from "../api/client.ts";
import { listObjects } from "../api/objects.ts";
import { parseObs } from "../shared/obsPath.ts";
import type { JobBody } from "./form/model.ts";

export const requestQuery = (job: string) =>
  queryOptions({
    queryKey: [project(), "jobs", job, "to-rebuild"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/training-jobs/{training_job_id}/request", {
          params: { path: inProject({ training_job_id: job }) },
        }),
      ),
    staleTime: 0,
    gcTime: 0,
  });

export const nameQuery = (name: string, workspace: string) =>
  queryOptions({
    queryKey: [project(), "jobs", "names", name, workspace],
    queryFn: async ({ signal }) => {
      const query = { job_name: name, ...(workspace ? { workspace_id: workspace } : {}) };
      const params = { path: inProject(), query };
      return (await data(api.GET("/v2/{project_id}/training-job-names", { params, signal }))).is_duplicate;
    },
    staleTime: 10_000,
  });

export const previewQuery = (body: string) =>
  queryOptions({
    queryKey: [project(), "preview", body],
    queryFn: ({ signal }) =>
      data(
        api.POST("/v2/{project_id}/training-job-previews", {
          params: { path: inProject() },
          body: JSON.parse(body) as JobBody,
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
    gcTime: 60_000,
  });

const SCRIPTS_PAGES_MAX = 3;

export const scriptsQuery = (codeDir: string) =>
  queryOptions({
    queryKey: [project(), "objects", "scripts", codeDir],
    queryFn: async ({ signal }) => {
      const folder = parseObs(codeDir);
      if (folder === null) return [];
      const prefix = folder.key && !folder.key.endsWith("/") ? `${folder.key}/` : folder.key;
      const found: string[] = [];
      let after = "";
      for (let page = 0; page < SCRIPTS_PAGES_MAX; page += 1) {
        const query = { prefix, after, limit: 1000, folded: false };
        const listing = await listObjects(folder.bucket, query, signal);
        for (const { key } of listing.objects) if (key.endsWith(".py")) found.push(key.slice(prefix.length));
        after = listing.next_after ?? "";
        if (!after) break;
      }
      return byLikelihood(found);
    },
    enabled: parseObs(codeDir) !== null,
    staleTime: 30_000,
    retry: false,
  });

const LIKELY = ["train.py", "main.py", "run.py"];

export function byLikelihood(files: readonly string[]): string[] {
  const rank = (file: string) => {
    const at = LIKELY.indexOf(file);
    return at === -1 ? LIKELY.length + file.split("/").length : at;
  };
  return files
    .filter((file) => !file.endsWith("__init__.py"))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

const COUNTED_PAGES_MAX = 20;

export const sizeQuery = (path: string) =>
  queryOptions({
    queryKey: [project(), "objects", "size", path],
    queryFn: async ({ signal }) => {
      const place = parseObs(path);
      const total = { objects: 0, bytes: 0, isWhole: true };
      if (place === null) return total;
      let after = "";
      for (let page = 0; page < COUNTED_PAGES_MAX; page += 1) {
        const query = { prefix: place.key, after, limit: 1000, folded: false };
        const listing = await listObjects(place.bucket, query, signal);
        for (const { size, key } of listing.objects)
          if (!key.endsWith("/")) {
            total.objects += 1;
            total.bytes += size;
          }
        after = listing.next_after ?? "";
        if (!after) return total;
      }
      return { ...total, isWhole: false };
    },
    staleTime: 60_000,
    retry: false,
  });
