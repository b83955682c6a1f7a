/** A job in the plain values that the command line's options and the SDK's keywords take (`JobDraft`). Pure. */
import { isJson, Taker } from "../form/json.ts";
import { within } from "../form/model.ts";

export interface Texts {
  [name: string]: string;
}

export interface Draft {
  name: string;
  description: string;
  codeDir: string;
  bootFile: string;
  command: string;
  engine: string;
  image: string;
  algorithm: string;
  flavor: string;
  nodes: number;
  parameters: Texts;
  environment: Texts;
  inputs: Texts;
  outputs: Texts;
  prefetch: string[];
  byEnvironment: string[];
  datasets: Texts;
  workingDir: string;
  localCodeDir: string;
  logPath: string;
  /** `2h`, `90m`, `30s`. */
  autoStop: string;
  priority: number | null;
  preemptible: boolean;
  retries: number | null;
  reserveHours: number | null;
  workspace: string;
  pool: string;
  experiment: string;
  metrics: Texts;
  annotations: Texts;
}

/** The draft that makes the same job as `body`; null when plain values cannot say all of it. */
export function draftOf(body: unknown): Draft | null {
  const take = new Taker(body);
  const kind = take.text("kind");
  const codeDir = take.text("algorithm", "code_dir");
  const bootFile = take.text("algorithm", "boot_file");
  const annotations = Object.fromEntries(take.texts("metadata", "annotations"));
  const { "fault-tolerance/job-retry-num": retries, ...others } = annotations;
  const channels = channelsOf(take);
  const parameters = namedOf(take.list("algorithm", "parameters"), ["value"]);
  const metrics = namedOf(take.list("algorithm", "metrics"), ["regex"]);
  const autoStop = stopOf(take);
  const draft = {
    name: take.text("metadata", "name"),
    description: take.text("metadata", "description"),
    codeDir: codeDir.replace(/^\//, "obs://"), // `/b/` might be a folder of whoever runs it
    bootFile: within(codeDir, bootFile),
    command: take.text("algorithm", "command"),
    engine: take.text("algorithm", "engine", "engine_id"),
    image: take.text("algorithm", "engine", "image_url"),
    algorithm: take.text("algorithm", "id"),
    flavor: take.text("spec", "resource", "flavor_id"),
    nodes: take.number("spec", "resource", "node_count") ?? 1,
    environment: Object.fromEntries(take.texts("algorithm", "environments")),
    workingDir: take.text("algorithm", "working_dir"),
    localCodeDir: take.text("algorithm", "local_code_dir"),
    logPath: take.text("spec", "log_export_path", "obs_url"),
    priority: take.number("spec", "schedule_policy", "priority"),
    preemptible: take.truth("spec", "schedule_policy", "preemptible"),
    retries: retries === undefined ? null : Number(retries),
    reserveHours: hoursOf(take),
    workspace: take.text("metadata", "workspace_id"),
    pool: take.text("spec", "resource", "pool_id"),
    experiment: take.text("metadata", "training_experiment_reference", "name"),
    annotations: others,
  };
  const isWhole =
    (kind === "job" || kind === "") &&
    channels !== null &&
    parameters !== null &&
    metrics !== null &&
    autoStop !== null &&
    !(draft.engine && draft.image) &&
    !draft.codeDir.startsWith("file:") &&
    Object.keys(take.rest()).length === 0;
  return isWhole ? { ...draft, ...channels, parameters, metrics, autoStop } : null;
}

type ChannelDraft = Pick<Draft, "inputs" | "outputs" | "prefetch" | "byEnvironment" | "datasets">;

function channelsOf(take: Taker): ChannelDraft | null {
  const draft: ChannelDraft = { inputs: {}, outputs: {}, prefetch: [], byEnvironment: [], datasets: {} };
  let isWhole = true;
  for (const side of ["inputs", "outputs"] as const)
    for (const item of take.list("algorithm", side)) {
      const channel = new Taker(item);
      const name = channel.text("name");
      const dataset = channel.text("remote", "dataset", "id");
      const version = channel.text("remote", "dataset", "version_id");
      if (dataset && side === "inputs") draft.datasets[name] = version ? `${dataset}@${version}` : dataset;
      else draft[side][name] = channel.text("remote", "obs", "obs_url");
      if (channel.truth("prefetch_to_local")) draft.prefetch.push(name);
      if (channel.text("access_method") === "env") draft.byEnvironment.push(name);
      if (Object.keys(channel.rest()).length > 0 || (!dataset && !draft[side][name])) isWhole = false;
    }
  return isWhole ? draft : null;
}

/** `[{name, value}]` as a mapping; null when an item has anything else, or not even that. */
function namedOf(items: readonly unknown[], [value]: [string]): Texts | null {
  const found: Texts = {};
  for (const item of items) {
    if (!isJson(item) || Object.keys(item).length !== 2) return null;
    if (typeof item.name !== "string" || typeof item[value] !== "string") return null;
    found[item.name] = item[value];
  }
  return found;
}

/** Empty when there is none; null when it is not written so. */
function stopOf(take: Taker): string | null {
  if (!take.has("spec", "auto_stop")) return "";
  const unit = take.text("spec", "auto_stop", "time_unit");
  const duration = take.number("spec", "auto_stop", "duration");
  if (duration === null) return null;
  if (unit === "HOURS") return `${duration}h`;
  return duration % 60 === 0 ? `${duration / 60}m` : `${duration}s`;
}

function hoursOf(take: Taker): number | null {
  if (!take.has("spec", "reserved_time")) return null;
  if (take.text("spec", "reserved_time", "time_unit") !== "HOURS") return null; // its duration is left over
  return take.number("spec", "reserved_time", "duration");
}

/** Whether there is anything in a mapping. */
export const has = (values: Texts): boolean => Object.keys(values).length > 0;
