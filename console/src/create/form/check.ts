/** What is wrong with a form, by the server's own rules, told while it is filled in. Pure.
 *
 * Each finding names its field as the server does in `error_field`, so that both are shown at the same place.
 */
import { parseObs } from "../../shared/obsPath.ts";
import { LIMITS } from "./limits.ts";
import {
  below,
  type Channel,
  filledChannels,
  filledPairs,
  type JobForm,
  type Pair,
  STOP_UNITS,
} from "./model.ts";
import { type Terms, valueProblem } from "./terms.ts";

export interface Finding {
  path: string;
  /** Its sentence: `create.wrong.<code>`. */
  code: string;
  values?: Record<string, string | number>;
  /** Something that is not there yet; told only once somebody has tried. */
  missing?: boolean;
}

type Tell = (path: string, code: string, values?: Finding["values"]) => void;

/** All that is wrong with `form`; `terms` are those of the algorithm it runs, if any. */
export function check(form: JobForm, terms: Terms | null = null, mayHurry = true): Finding[] {
  const findings: Finding[] = [];
  const tell: Tell = (path, code, values) => {
    findings.push({
      path,
      code,
      ...(values ? { values } : {}),
      ...(code === "missing" ? { missing: true } : {}),
    });
  };
  checkMetadata(form, tell);
  checkSource(form, tell);
  checkParameters(form, terms, tell);
  checkChannels(form, tell);
  checkVariables(form.environments, "algorithm.environments", tell);
  checkMetrics(form, tell);
  checkResources(form, terms, mayHurry, tell);
  if (form.hasRoles) checkRoles(form, tell);
  checkOptions(form, tell);
  return findings;
}

function checkMetadata(form: JobForm, tell: Tell) {
  if (form.name === "") tell("metadata.name", "missing");
  else if (!LIMITS.name.test(form.name)) tell("metadata.name", "name");
  if (form.description.length > LIMITS.description)
    tell("metadata.description", "long", { limit: LIMITS.description });
  const experiment = form.experiment.name;
  if (!form.experiment.id && experiment && !LIMITS.experiment.test(experiment))
    tell("metadata.training_experiment_reference.name", "experiment");
  const tags = filledPairs(form.tags);
  if (tags.length > LIMITS.tags) tell("tags", "many", { limit: LIMITS.tags });
  tags.forEach((tag, index) => {
    if (!LIMITS.tagKey.test(tag.name) || tag.name.trim() !== tag.name || tag.name.startsWith("_sys_"))
      tell(`tags[${index}]`, "tagKey");
    else if (!LIMITS.tagValue.test(tag.value)) tell(`tags[${index}]`, "tagValue");
  });
}

function checkSource(form: JobForm, tell: Tell) {
  const isOwn = form.source === "preset" || form.source === "command";
  if (isOwn && form.codeDir && parseObs(form.codeDir) === null && !form.codeDir.startsWith("file://"))
    tell("algorithm.code_dir", "path");
  if (form.source === "preset" && !form.hasRoles) {
    if (!form.codeDir) tell("algorithm.code_dir", "missing");
    if (!form.bootFile) tell("algorithm.boot_file", "missing");
    if (!form.engine.id && !form.engine.name) tell("algorithm.engine", "missing");
  }
  if (form.source === "preset" && form.bootFile)
    checkBootFile(form, form.bootFile, "algorithm.boot_file", tell);
  if (form.source === "command" && !form.command && !form.hasRoles) tell("algorithm.command", "missing");
  if (form.source === "command") checkCommand(form.command, "algorithm.command", tell);
  if (form.source === "algorithm" && !form.algorithm) tell("algorithm.id", "missing");
  if (form.source === "subscription" && !form.subscription) tell("algorithm.subscription_id", "missing");
  checkDirectory(form.workingDir, "algorithm.working_dir", tell);
  checkDirectory(form.localCodeDir, "algorithm.local_code_dir", tell);
  if (form.localCodeDir && LIMITS.path.test(form.localCodeDir) && !form.localCodeDir.startsWith("/home/"))
    tell("algorithm.local_code_dir", "outsideHome");
}

function checkBootFile(form: JobForm, file: string, path: string, tell: Tell) {
  const code = parseObs(form.codeDir);
  const whole = below(form.codeDir, file);
  if (!file.endsWith(".py") || file.endsWith("/.py") || file === ".py") tell(path, "python");
  else if (code && !whole.startsWith(`${form.codeDir.replace(/\/+$/, "")}/`)) tell(path, "notBelow");
  else if (code && parseObs(whole) === null) tell(path, "path");
}

function checkCommand(command: string, path: string, tell: Tell) {
  if (/[\r\n]/.test(command)) tell(path, "lineBreak");
  if (command.length > LIMITS.command) tell(path, "long", { limit: LIMITS.command });
}

/** A folder inside the container: absolute and plain. */
function checkDirectory(path: string, field: string, tell: Tell) {
  if (!path) return;
  const segments = path.replace(/\/$/, "").split("/").slice(1);
  const isPlain = segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (!LIMITS.path.test(path) || !isPlain || path.length > 1024) tell(field, "directory");
}

/** Names that are there twice. */
function repeated(names: readonly string[]): Set<number> {
  const seen = new Set<string>();
  const twice = new Set<number>();
  names.forEach((name, index) => {
    if (name && seen.has(name)) twice.add(index);
    seen.add(name);
  });
  return twice;
}

function checkParameters(form: JobForm, terms: Terms | null, tell: Tell) {
  const parameters = filledPairs(form.parameters);
  const twice = repeated(parameters.map((one) => one.name));
  const own = new Map((terms?.parameters ?? []).map((one) => [one.name, one]));
  parameters.forEach((one, index) => {
    const path = `algorithm.parameters[${index}]`;
    const declared = own.get(one.name);
    if (!LIMITS.name.test(one.name)) tell(`${path}.name`, "name");
    else if (twice.has(index)) tell(`${path}.name`, "repeated", { name: one.name });
    const problem = declared && !one.flag ? valueProblem(declared, one.value) : null;
    if (problem === "missing") tell(`${path}.value`, "missing");
    if (problem === "type") tell(`${path}.value`, "type", { type: declared?.type ?? "" });
    if (problem === "range")
      tell(`${path}.value`, declared?.range ? "range" : "choice", {
        allowed: (declared?.range ?? declared?.choice ?? []).join(declared?.range ? " – " : ", "),
      });
  });
}

function checkChannels(form: JobForm, tell: Tell) {
  const inputs = filledChannels(form.inputs);
  const outputs = filledChannels(form.outputs);
  const twice = repeated([...inputs, ...outputs].map((one) => one.name));
  [...inputs, ...outputs].forEach((one, at) => {
    const isInput = at < inputs.length;
    const path = `algorithm.${isInput ? "inputs" : "outputs"}[${isInput ? at : at - inputs.length}]`;
    if (one.name === "") tell(`${path}.name`, "missing");
    else if (!LIMITS.name.test(one.name)) tell(`${path}.name`, "name");
    else if (twice.has(at)) tell(`${path}.name`, "repeated", { name: one.name });
    else if (one.access === "env" && !LIMITS.variable.test(one.name)) tell(`${path}.name`, "variable");
    checkPlace(one, `${path}.remote`, isInput, tell);
    checkDirectory(one.localDir, `${path}.local_dir`, tell);
    if (one.localDir && !/^\/(home|cache)\//.test(one.localDir))
      tell(`${path}.local_dir`, "outsideHomeCache");
  });
}

function checkPlace(one: Channel, path: string, isInput: boolean, tell: Tell) {
  const isPath = one.place === "path" || !isInput;
  const place = isPath ? one.path : one.place === "dataset" ? one.dataset : one.job;
  if (!place) tell(path, "missing");
  else if (isPath && parseObs(place) === null) tell(path, "path");
}

function checkVariables(pairs: readonly Pair[], path: string, tell: Tell) {
  const variables = filledPairs(pairs);
  if (variables.length > LIMITS.variables) tell(path, "many", { limit: LIMITS.variables });
  const twice = repeated(variables.map((one) => one.name));
  variables.forEach((one, index) => {
    const place = `${path}[${index}]`;
    if (!LIMITS.variable.test(one.name)) tell(place, "variable");
    else if (twice.has(index)) tell(place, "repeated", { name: one.name });
    else if (one.value.length > LIMITS.variableValue) tell(place, "long", { limit: LIMITS.variableValue });
  });
}

function checkMetrics(form: JobForm, tell: Tell) {
  const metrics = filledPairs(form.metrics);
  const twice = repeated(metrics.map((one) => one.name));
  metrics.forEach((one, index) => {
    const path = `algorithm.metrics[${index}]`;
    if (!LIMITS.metric.test(one.name)) tell(path, "metricName");
    else if (twice.has(index)) tell(path, "repeated", { name: one.name });
    else if (one.value === "") tell(path, "missing");
  });
}

function checkResources(form: JobForm, terms: Terms | null, mayHurry: boolean, tell: Tell) {
  if (!form.flavor && !form.hasRoles) tell("spec.resource.flavor_id", "missing");
  if (!form.hasRoles) {
    if (form.nodes === null || form.nodes < 1) tell("spec.resource.node_count", "atLeast", { least: 1 });
    else if (form.nodes > 1 && terms && !terms.severalNodes) tell("spec.resource.node_count", "oneNode");
  }
  if (form.priority === 3 && !mayHurry) tell("spec.schedule_policy.priority", "priority");
  if (form.stopAfter !== null && form.stopAfter * STOP_UNITS[form.stopUnit] < 1)
    tell("spec.auto_stop.duration", "atLeast", { least: 1 });
}

function checkRoles(form: JobForm, tell: Tell) {
  if (form.roles.length === 0) tell("tasks", "missing");
  const variables = form.roles.map((one) => one.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_"));
  const twice = repeated(variables);
  form.roles.forEach((one, index) => {
    const path = `tasks[${index}]`;
    const alias = /^TASK(0|[1-9]\d*)$/.exec(variables[index] ?? "");
    if (!one.name) tell(`${path}.role`, "missing");
    else if (!LIMITS.role.test(one.name)) tell(`${path}.role`, "role");
    else if (twice.has(index)) tell(`${path}.role`, "alike");
    else if (alias && Number(alias[1]) !== index) tell(`${path}.role`, "alias", { own: `task${index}` });
    checkCommand(one.command, `${path}.command`, tell);
    if (one.command && one.bootFile) tell(`${path}.algorithm.boot_file`, "twoCommands");
    else if (one.bootFile) checkBootFile(form, one.bootFile, `${path}.algorithm.boot_file`, tell);
    else if (!one.command && !sharesCommand(form)) tell(`${path}.command`, "missing");
    if (one.nodes === null || one.nodes < 1)
      tell(`${path}.task_resource.node_count`, "atLeast", { least: 1 });
    if (!one.flavor && !form.flavor) tell(`${path}.task_resource.flavor_id`, "missing");
    const most = Math.max(1, one.nodes ?? 1);
    if ((one.minSucceeded ?? 1) > most) tell(`${path}.minSucceededTaskCount`, "atMost", { most });
    if ((one.minFailed ?? 1) > most) tell(`${path}.minFailedTaskCount`, "atMost", { most });
    checkVariables(one.environments, `${path}.environments`, tell);
  });
}

/** Whether a role without a command of its own has something to run. */
function sharesCommand(form: JobForm): boolean {
  if (form.source === "preset") return form.bootFile !== "";
  return form.source !== "command" || form.command !== "";
}

function checkOptions(form: JobForm, tell: Tell) {
  if (form.logPath && parseObs(form.logPath) === null) tell("spec.log_export_path.obs_url", "path");
  if (form.keepBest && !form.bestBy) tell("spec.checkpoints.metric", "missing");
  if (form.bestBy && !LIMITS.metric.test(form.bestBy)) tell("spec.checkpoints.metric", "metricName");
  const { on, dataset, datasetPath, outputPath } = form.folders;
  if (on && !dataset && datasetPath && parseObs(datasetPath) === null)
    tell("spec.folders.dataset.obs_url", "path");
  if (on && outputPath && parseObs(outputPath) === null) tell("spec.folders.output_model.obs_url", "path");
}
