/** The request's body of a form. Pure. */
import { type Json, laid, sparse } from "./json.ts";
import {
  below,
  type Channel,
  filledChannels,
  filledPairs,
  type JobBody,
  type JobForm,
  type Pair,
  type Parameter,
  type Role,
  STOP_UNITS,
} from "./model.ts";

/** The body that makes the job of `form`: only what says something, over what the form has no field for. */
export function toBody(form: JobForm): JobBody {
  const made = laid(form.rest, {
    kind: form.hasRoles ? "hetero_job" : form.kind || "job",
    ...sparse({
      metadata: metadataOf(form),
      algorithm: algorithmOf(form),
      spec: specOf(form),
      tasks: form.hasRoles ? form.roles.map((one) => roleOf(one, form.codeDir)) : [],
    }),
  });
  // Names and values that are empty say something, too, and so does an empty `folders`.
  const environments = textsOf(form.environments);
  return laid(made, {
    metadata: { name: form.name },
    ...(Object.keys(environments).length > 0 ? { algorithm: { environments } } : {}),
    ...(form.folders.on ? { spec: { folders: foldersOf(form) } } : {}),
  }) as unknown as JobBody;
}

function metadataOf(form: JobForm): Json {
  const { id, name } = form.experiment;
  return {
    name: form.name,
    workspace_id: form.workspace,
    description: form.description,
    training_experiment_reference: id ? { id } : { name },
    annotations: {
      "fault-tolerance/job-retry-num": form.retries === null ? "" : String(form.retries),
      "fault-tolerance/job-unconditional-retry": form.retryAlways ? "true" : "",
      "fault-tolerance/hang-retry": form.retryHang ? "true" : "",
    },
  };
}

function algorithmOf(form: JobForm): Json {
  return {
    ...sourceOf(form),
    local_code_dir: form.localCodeDir,
    working_dir: form.workingDir,
    parameters: filledPairs(form.parameters).map(parameterOf),
    inputs: filledChannels(form.inputs).map(inputOf),
    outputs: filledChannels(form.outputs).map(outputOf),
    metrics: filledPairs(form.metrics).map((one) => ({ name: one.name, regex: one.value })),
  };
}

function sourceOf(form: JobForm): Json {
  const { id, name, version, image } = form.engine;
  const named = id ? { engine_id: id } : { engine_name: name, engine_version: version };
  const engine = { ...named, image_url: image };
  switch (form.source) {
    case "preset":
      return { code_dir: form.codeDir, boot_file: below(form.codeDir, form.bootFile), engine };
    case "command":
      return { command: form.command, code_dir: form.codeDir, engine };
    case "algorithm":
      return { id: form.algorithm };
    case "subscription":
      return { subscription_id: form.subscription, item_version_id: form.itemVersion };
  }
}

function specOf(form: JobForm): Json {
  const seconds = form.stopAfter === null ? null : form.stopAfter * STOP_UNITS[form.stopUnit];
  return {
    resource: {
      flavor_id: form.flavor,
      pool_id: form.pool,
      node_count: form.hasRoles ? undefined : (form.nodes ?? undefined),
    },
    auto_stop: seconds === null ? undefined : durationOf(seconds),
    stop_grace_seconds: form.graceSeconds,
    reserved_time:
      form.reserveHours === null ? undefined : { time_unit: "HOURS", duration: form.reserveHours },
    schedule_policy: { priority: form.priority, preemptible: form.preemptible || undefined },
    retention: { policy: form.keepForever ? "disabled" : "" },
    log_export_path: { obs_url: form.logPath },
    notification: { topic_urn: form.topic, events: form.events },
    checkpoints: {
      keep_last: form.keepLast,
      keep_best: form.keepBest,
      metric: form.bestBy,
      mode: form.bestIs,
    },
  };
}

function durationOf(seconds: number): Json {
  return seconds % 3600 === 0
    ? { time_unit: "HOURS", duration: seconds / 3600 }
    : { time_unit: "SECONDS", duration: seconds };
}

function foldersOf({ folders }: JobForm): Json {
  return sparse({
    dataset: {
      dataset_id: folders.dataset,
      version_id: folders.dataset && folders.datasetVersion,
      obs_url: folders.dataset ? "" : folders.datasetPath,
    },
    pretrained_model: { model_id: folders.model, version_id: folders.model && folders.modelVersion },
    output_model: { name: folders.output, obs_url: folders.outputPath },
    user_home: folders.userHome || undefined,
  });
}

function parameterOf(one: Parameter): Json {
  const value = one.unset && one.value === "" ? {} : one.flag ? { flag: true } : { value: one.value };
  return { ...one.rest, name: one.name, ...value };
}

function inputOf(one: Channel): Json {
  const remote =
    one.place === "dataset"
      ? { dataset: { id: one.dataset, version_id: one.version } }
      : one.place === "job"
        ? { job: { id: one.job, output: one.jobOutput } }
        : { obs: { obs_url: one.path } };
  return channelOf(one, remote);
}

function outputOf(one: Channel): Json {
  return {
    ...channelOf(one, { obs: { obs_url: one.path } }),
    ...(one.prefetch ? { prefetch_to_local: true } : {}),
  };
}

function channelOf(one: Channel, remote: Json): Json {
  const told = { access_method: one.access, local_dir: one.localDir, remote };
  return laid(one.rest, { name: one.name, ...sparse(told) });
}

function textsOf(pairs: readonly Pair[]): Json {
  return Object.fromEntries(filledPairs(pairs).map((one) => [one.name, one.value]));
}

function roleOf(one: Role, codeDir: string): Json {
  const told = sparse({
    command: one.command,
    algorithm: { boot_file: below(codeDir, one.bootFile) },
    task_resource: { flavor_id: one.flavor, node_count: one.nodes },
    minSucceededTaskCount: one.minSucceeded,
    minFailedTaskCount: one.minFailed,
    isMainRole: one.main || undefined,
    parameters: filledPairs(one.parameters).map(({ name, value }) => ({ name, value })),
  });
  const environments = textsOf(one.environments);
  return laid(one.rest, {
    role: one.name,
    ...told,
    ...(Object.keys(environments).length > 0 ? { environments } : {}),
  });
}
