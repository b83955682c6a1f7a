/** A job as lists and pages read it. The contract leaves `algorithm` open; what we read of it stands here. */
import type { Schemas } from "../api/client.ts";

interface Channel {
  name: string;
  description?: string;
  local_dir?: string;
  access_method?: string;
  remote?: {
    obs?: { obs_url?: string };
    dataset?: { id?: string; name?: string; version_id?: string; version_name?: string };
  };
}

export interface JobAlgorithm {
  id?: string;
  name?: string;
  subscription_id?: string;
  item_version_id?: string;
  code_dir?: string;
  boot_file?: string;
  command?: string;
  engine?: { engine_id?: string; engine_name?: string; engine_version?: string; image_url?: string };
  parameters?: { name: string; value: string }[];
  environments?: { name: string; value: string }[] | Record<string, string>;
  inputs?: Channel[];
  outputs?: Channel[];
}

export type Job = Schemas["JobResponse"] & {
  algorithm: JobAlgorithm;
  spec?: { schedule_policy?: { priority?: number } } | null;
};

/** The engine in words: `PyTorch 2.13`, or the image. */
export function engineOf(job: Job): string {
  const engine = job.algorithm.engine;
  if (!engine) return "";
  if (engine.image_url) return engine.image_url;
  return [engine.engine_name, engine.engine_version].filter(Boolean).join(" ") || (engine.engine_id ?? "");
}

/** The pool's name; the public pool has none. */
export function poolOf(job: Job): string {
  return job.spec?.resource.pool_name || "";
}

/** From 1 to 3; a job that waits longest among equals is first. */
export function priorityOf(job: Job): number {
  return job.spec?.schedule_policy?.priority || 1;
}

/** Whether the job waits for its resources: only then its priority can be changed. */
export function isWaiting(job: Job): boolean {
  return job.status?.phase === "Pending" || job.status?.phase === "Creating";
}

/** The one line under the phase: why it waits, why it ended. */
export function reasonOf(job: Job): string {
  const status = job.status;
  if (!status) return "";
  if (status.phase === "Pending" || status.phase === "Creating") return status.pending_reason ?? "";
  if (status.phase === "Completed") return "";
  return status.attention || status.reason_message || "";
}

export function idOf(job: Job): string {
  return job.metadata.id;
}
