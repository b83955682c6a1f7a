/** What a record can be of: operations with a sentence of their own, kinds of things and where they are shown. Pure. */
import type { Schemas } from "../api/client.ts";
import type { operations } from "../api/schema.gen.ts";

export type AuditRecord = Schemas["AuditRecordItem"];

/** Every operation that changes something here, in the order of the menu; `audit.op` says each in words. */
export const OPERATIONS = [
  "create_training_job",
  "stop_training_job",
  "delete_training_job",
  "batch_delete_training_job",
  "change_training_job_description",
  "algorithms_save_job",
  "create_train_job_tags",
  "delete_train_job_tags",
  "show_auto_search_trial_early_stop",
  "notify_training_job_information",
  "logs_share",
  "logs_revoke_link",
  "create_training_experiment",
  "change_training_experiment",
  "delete_training_experiment",
  "create_algorithm",
  "change_algorithm",
  "delete_algorithm",
  "create_algorithm_version_to_gallery",
  "gallery_change",
  "gallery_withdraw",
  "subscriptions_create",
  "subscriptions_choose",
  "subscriptions_delete",
  "datasets_create",
  "datasets_change",
  "datasets_delete",
  "dataset_versions_create",
  "dataset_versions_delete",
  "models_change",
  "models_delete",
  "model_versions_delete",
  "buckets_create",
  "buckets_delete",
  "objects_write",
  "objects_copy",
  "objects_delete",
  "objects_delete_many",
  "uploads_begin",
  "uploads_complete",
  "uploads_abort",
  "create_pool",
  "patch_pool",
  "delete_pool",
  "batch_lock_pool_nodes",
  "batch_unlock_pool_nodes",
  "create_workspace",
  "update_workspace",
  "delete_workspace",
  "update_workspace_quotas",
  "modify_training_quotas",
  "create_authorization",
  "delete_authorizations",
  "create_model_arts_agency",
  "update_auth_mode",
  "session_open",
  "session_close",
  "session_change",
  "create_token",
  "password_change",
  "tokens_issue",
  "tokens_change",
  "tokens_rotate",
  "tokens_delete",
  "access_keys_issue",
  "access_keys_change",
  "access_keys_rotate",
  "access_keys_delete",
  "users_create",
  "users_change",
  "users_delete",
  "roles_save",
  "roles_delete",
  "projects_create",
] as const satisfies readonly (keyof operations)[];

const KNOWN: ReadonlySet<string> = new Set(OPERATIONS);

export function isKnown(operation: string): boolean {
  return KNOWN.has(operation);
}

/** Kinds of things that records are of, as the server names them; `audit.kind` says each in words. */
export const KINDS = [
  "job",
  "log_link",
  "experiment",
  "algorithm",
  "gallery_item",
  "subscription",
  "dataset",
  "version",
  "model",
  "bucket",
  "object",
  "upload",
  "pool",
  "node",
  "workspace",
  "quota",
  "user",
  "role",
  "token",
  "access_key",
  "session",
  "project",
  "authorization",
  "auth_mode",
] as const;

const PLACES: Readonly<Record<string, string>> = {
  job: "/jobs/",
  experiment: "/experiments/",
  algorithm: "/algorithms/",
  dataset: "/datasets/",
  model: "/models/",
  bucket: "/objects/",
  pool: "/pools/",
  workspace: "/workspaces/",
};

/** Where the thing of a record is shown; empty when it has no page, or is surely gone. */
export function placeOf(record: AuditRecord): string {
  const place = PLACES[record.resource];
  const isGone = record.outcome === "success" && /delete/.test(record.operation);
  return place && record.resource_id && !isGone ? place + encodeURIComponent(record.resource_id) : "";
}
