/** A request's body as the form shows it. Pure. */
import { isJson, Taker } from "./json.ts";
import {
  type Channel,
  channel,
  EMPTY,
  type Engine,
  type Folders,
  type JobForm,
  type Pair,
  type Parameter,
  pair,
  parameter,
  type Role,
  role,
  type Source,
  type StopUnit,
  within,
} from "./model.ts";

const NOTES = ["metadata", "annotations"] as const;

/** The form of `body`; what it has no field for is kept aside in `rest`. */
export function fromBody(body: unknown): JobForm {
  const take = new Taker(body);
  take.text("algorithm", "name"); // the server's to fill in
  take.text("metadata", "training_experiment_reference", "description"); // only of one that is made
  const source = sourceOf(take);
  const codeDir = take.text("algorithm", "code_dir");
  const tasks = take.list("tasks");
  const kind = take.text("kind");
  const form: JobForm = {
    ...EMPTY,
    name: take.text("metadata", "name"),
    named: true,
    description: take.text("metadata", "description"),
    workspace: take.text("metadata", "workspace_id"),
    kind: kind === "" || kind === "hetero_job" ? "job" : kind,
    source,
    codeDir,
    bootFile: within(codeDir, take.text("algorithm", "boot_file")),
    command: take.text("algorithm", "command"),
    algorithm: take.text("algorithm", "id"),
    subscription: take.text("algorithm", "subscription_id"),
    itemVersion: take.text("algorithm", "item_version_id"),
    engine: engineOf(take),
    localCodeDir: take.text("algorithm", "local_code_dir"),
    workingDir: take.text("algorithm", "working_dir"),
    inputs: take.list("algorithm", "inputs").map(channelOf),
    outputs: take.list("algorithm", "outputs").map(channelOf),
    folders: foldersOf(take),
    parameters: take.list("algorithm", "parameters").map(parameterOf),
    environments: take.texts("algorithm", "environments").map(([name, value]) => pair(name, value)),
    metrics: take.list("algorithm", "metrics").map((item) => pairOf(item, "name", "regex")),
    hasRoles: tasks.length > 0,
    roles: tasks.map((item) => roleOf(item, codeDir)),
    ...resourcesOf(take),
    ...optionsOf(take),
  };
  return { ...form, rest: take.rest() };
}

function sourceOf(take: Taker): Source {
  if (take.has("algorithm", "subscription_id")) return "subscription";
  if (take.has("algorithm", "id")) return "algorithm";
  return take.has("algorithm", "command") ? "command" : "preset";
}

function engineOf(take: Taker): Engine {
  const part = (name: string) => take.text("algorithm", "engine", name);
  return {
    id: part("engine_id"),
    name: part("engine_name"),
    version: part("engine_version"),
    image: part("image_url"),
  };
}

function resourcesOf(take: Taker): Partial<JobForm> {
  const stopUnit = take.text("spec", "auto_stop", "time_unit");
  const [stopAfter, unit] = stopOf(take.number("spec", "auto_stop", "duration"), stopUnit);
  return {
    flavor: take.text("spec", "resource", "flavor_id"),
    nodes: take.number("spec", "resource", "node_count") ?? 1,
    pool: take.text("spec", "resource", "pool_id"),
    priority: take.number("spec", "schedule_policy", "priority"),
    preemptible: take.truth("spec", "schedule_policy", "preemptible"),
    stopAfter,
    stopUnit: unit,
    graceSeconds: take.number("spec", "stop_grace_seconds"),
    reserveHours: take.has("spec", "reserved_time") ? reservedOf(take) : null,
    retries: countOf(take.text(...NOTES, "fault-tolerance/job-retry-num")),
    retryAlways: take.text(...NOTES, "fault-tolerance/job-unconditional-retry") === "true",
    retryHang: take.text(...NOTES, "fault-tolerance/hang-retry") === "true",
  };
}

function optionsOf(take: Taker): Partial<JobForm> {
  const retention = take.text("spec", "retention", "policy");
  const bestIs = take.text("spec", "checkpoints", "mode");
  return {
    keepForever: retention === "disabled",
    logPath: take.text("spec", "log_export_path", "obs_url"),
    events: take.list("spec", "notification", "events").map(String),
    topic: take.text("spec", "notification", "topic_urn"),
    keepLast: take.number("spec", "checkpoints", "keep_last"),
    keepBest: take.number("spec", "checkpoints", "keep_best"),
    bestBy: take.text("spec", "checkpoints", "metric"),
    bestIs: bestIs === "min" || bestIs === "max" ? bestIs : "",
    experiment: {
      id: take.text("metadata", "training_experiment_reference", "id"),
      name: take.text("metadata", "training_experiment_reference", "name"),
    },
  };
}

/** In the largest unit that fits evenly. */
function stopOf(duration: number | null, unit: string): [number | null, StopUnit] {
  if (duration === null || unit !== "SECONDS") return [duration, "HOURS"];
  if (duration % 3600 === 0) return [duration / 3600, "HOURS"];
  return duration % 60 === 0 ? [duration / 60, "MINUTES"] : [duration, "SECONDS"];
}

/** Hours; seconds, which only tests use, are rounded up to them. */
function reservedOf(take: Taker): number | null {
  const unit = take.text("spec", "reserved_time", "time_unit");
  const duration = take.number("spec", "reserved_time", "duration");
  return duration === null || unit !== "SECONDS" ? duration : Math.ceil(duration / 3600);
}

function countOf(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}

function pairOf(item: unknown, name: string, value: string): Pair {
  const take = new Taker(item);
  return pair(take.text(name), take.text(value));
}

function parameterOf(item: unknown): Parameter {
  const take = new Taker(item);
  const hasValue = take.has("value");
  const flag = take.truth("flag");
  return {
    ...parameter(take.text("name"), take.text("value"), flag && !hasValue),
    unset: !hasValue && !flag,
    rest: take.rest(),
  };
}

function channelOf(item: unknown): Channel {
  const take = new Taker(item);
  const access = take.text("access_method");
  const found: Channel = {
    ...channel(take.text("name"), take.text("remote", "obs", "obs_url")),
    dataset: take.text("remote", "dataset", "id"),
    version: take.text("remote", "dataset", "version_id"),
    job: take.text("remote", "job", "id"),
    jobOutput: take.text("remote", "job", "output"),
    access: access === "env" || access === "parameter" ? access : "",
    localDir: take.text("local_dir"),
    prefetch: take.truth("prefetch_to_local"),
  };
  return {
    ...found,
    place: found.dataset ? "dataset" : found.job ? "job" : "path",
    rest: take.rest(),
  };
}

function foldersOf(take: Taker): Folders {
  const on = take.has("spec", "folders");
  const part = (...path: string[]) => take.text("spec", "folders", ...path);
  const folders = {
    on,
    dataset: part("dataset", "dataset_id"),
    datasetVersion: part("dataset", "version_id"),
    datasetPath: part("dataset", "obs_url"),
    model: part("pretrained_model", "model_id"),
    modelVersion: part("pretrained_model", "version_id"),
    output: part("output_model", "name"),
    outputPath: part("output_model", "obs_url"),
    userHome: take.truth("spec", "folders", "user_home"),
  };
  take.dropEmpty("spec", "folders");
  return folders;
}

function roleOf(item: unknown, codeDir: string): Role {
  const take = new Taker(item);
  return {
    ...role(take.text("role")),
    command: take.text("command"),
    bootFile: within(codeDir, take.text("algorithm", "boot_file")),
    parameters: take.list("parameters").map((one) => pairOf(one, "name", "value")),
    environments: take.texts("environments").map(([name, value]) => pair(name, value)),
    flavor: take.text("task_resource", "flavor_id"),
    nodes: take.number("task_resource", "node_count"),
    minSucceeded: take.number("minSucceededTaskCount"),
    minFailed: take.number("minFailedTaskCount"),
    main: take.truth("isMainRole"),
    rest: take.rest(),
  };
}

/** Names of what the form has no field for, such as `spec.custom_metrics`. */
export function keptPaths(form: JobForm): string[] {
  const found: string[] = [];
  const walk = (value: unknown, path: string) => {
    if (!isJson(value) || Object.keys(value).length === 0) found.push(path);
    else for (const [name, inner] of Object.entries(value)) walk(inner, path ? `${path}.${name}` : name);
  };
  if (Object.keys(form.rest).length > 0) walk(form.rest, "");
  return found;
}
