/** An algorithm as the form shows it: an answer of the server, or a body. Pure. */
import { isJson, Taker } from "../../create/form/json.ts";
import { pair, within } from "../../create/form/model.ts";
import { TYPES } from "../../create/form/terms.ts";
import {
  type AlgorithmForm,
  type Declared,
  declared,
  EMPTY_ALGORITHM,
  type Limit,
  type Mode,
  type Port,
  port,
  type Reward,
  reward,
  type Search,
  type Searched,
  type Strategy,
  searched,
} from "./model.ts";

/** What the server fills in. */
const FILLED = {
  metadata: [
    "id",
    "user_name",
    "domain_id",
    "source",
    "api_version",
    "is_valid",
    "state",
    "attr_list",
    "version_num",
    "size",
    "create_time",
    "update_time",
  ],
  job_config: ["code_tree"],
} as const;

export function fromBody(body: unknown): AlgorithmForm {
  const take = new Taker(body);
  for (const [part, names] of Object.entries(FILLED)) for (const name of names) take.text(part, name);
  const config = (name: string) => take.text("job_config", name);
  const codeDir = config("code_dir");
  const command = config("command");
  const customizable = take.has("job_config", "parameters_customization");
  const takesMore = take.truth("job_config", "parameters_customization") || !customizable;
  const needs = needsOf(take.list("resource_requirements"));
  const form: AlgorithmForm = {
    ...EMPTY_ALGORITHM,
    name: take.text("metadata", "name"),
    description: take.text("metadata", "description"),
    workspace: take.text("metadata", "workspace_id"),
    source: command ? "command" : "preset",
    codeDir,
    bootFile: within(codeDir, config("boot_file")),
    command,
    engine: {
      id: take.text("job_config", "engine", "engine_id"),
      name: take.text("job_config", "engine", "engine_name"),
      version: take.text("job_config", "engine", "engine_version"),
      image: take.text("job_config", "engine", "image_url"),
    },
    parameters: take.list("job_config", "parameters").map(declaredOf),
    takesMore,
    inputs: take.list("job_config", "inputs").map(portOf),
    outputs: take.list("job_config", "outputs").map(portOf),
    metrics: take.list("job_config", "metrics").map((item) => {
      const rule = new Taker(item);
      return pair(rule.text("name"), rule.text("regex"));
    }),
    flavorTypes: needs.get("flavor_type") ?? [],
    cards: modeOf(needs.get("device_distributed_mode")),
    hosts: modeOf(needs.get("host_distributed_mode")),
    search: searchOf(take),
  };
  for (const part of ["job_config", "advanced_config"]) take.dropEmpty(part);
  return { ...form, rest: take.rest() };
}

/** The search that an answer's `advanced_config` describes. */
export function searchOfAdvanced(advanced_config: unknown): Search {
  return searchOf(new Taker({ advanced_config }));
}

function declaredOf(item: unknown): Declared {
  const take = new Taker(item);
  const hasValue = take.has("value");
  const flag = take.truth("flag");
  const word = take.text("constraint", "type");
  const type = TYPES.find((one) => one === word) ?? "String";
  const required = take.truth("constraint", "required");
  const isFixed = take.has("constraint", "editable") && !take.truth("constraint", "editable");
  const allowed = take.list("constraint", "valid_range").map(String);
  const limit = limitOf(take.text("constraint", "valid_type"), allowed, type);
  const [low = "", high = ""] = limit === "range" ? allowed : [];
  const found: Declared = {
    ...declared(take.text("name"), take.text("value"), flag && !hasValue),
    unset: !hasValue && !flag,
    type,
    required,
    editable: !isFixed,
    limit,
    low,
    high,
    choices: limit === "choice" ? allowed : [],
    description: take.text("description"),
  };
  take.dropEmpty("constraint");
  return { ...found, rest: take.rest() };
}

/** As the server understands it: without a word, two numbers of a number are a range and any other list a choice. */
function limitOf(word: string, allowed: readonly string[], type: string): Limit {
  const isNumber = type === "Integer" || type === "Float";
  const [low, high] = allowed.map(Number);
  const fits = isNumber && allowed.length === 2 && low !== undefined && high !== undefined && low <= high;
  switch (word.toLowerCase()) {
    case "range":
      return fits ? "range" : "none";
    case "choice":
    case "enum":
    case "enumeration":
      return allowed.length > 0 ? "choice" : "none";
    case "":
      return allowed.length === 0 ? "none" : fits ? "range" : "choice";
    default:
      return "none";
  }
}

function portOf(item: unknown): Port {
  const take = new Taker(item);
  const access = take.text("access_method");
  return {
    ...port(take.text("name")),
    description: take.text("description"),
    access: access === "env" || access === "parameter" ? access : "",
    constraints: take
      .list("remote_constraints")
      .filter(isJson)
      .filter((one) => Boolean(one.data_type)),
    rest: take.rest(),
  };
}

function needsOf(requirements: readonly unknown[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of requirements) {
    const take = new Taker(one);
    const values = take.list("values").map(String);
    found.set(take.text("key"), values.length > 0 ? values : take.list("value").map(String));
  }
  return found;
}

/** Only whether several are allowed counts. */
function modeOf(values: readonly string[] | undefined): Mode {
  if (values === undefined || values.length === 0) return "";
  return values.includes("multiple") ? "multiple" : "singular";
}

function searchOf(take: Taker): Search {
  const at = ["advanced_config", "auto_search"] as const;
  const rewards = take.list(...at, "reward_attrs").map(rewardOf);
  const parameters = take.list(...at, "search_params").map(searchedOf);
  const strategies = take.list(...at, "algo_configs").map(strategyOf);
  const skip = take.text(...at, "skip_search_params");
  take.dropEmpty(...at);
  take.dropEmpty("advanced_config");
  const on = rewards.length + parameters.length + strategies.length > 0 || skip !== "";
  return { on, rewards, parameters, strategies, skip };
}

function rewardOf(item: unknown): Reward {
  const take = new Taker(item);
  return {
    ...reward(take.text("name")),
    mode: take.text("mode") === "min" ? "min" : "max",
    regex: take.text("regex"),
    rest: take.rest(),
  };
}

function searchedOf(item: unknown): Searched {
  const take = new Taker(item);
  // Answers write the values as one text.
  const isText = isJson(item) && typeof item.discrete_values === "string";
  const values = isText ? take.text("discrete_values").split(",") : take.list("discrete_values").map(String);
  const kept = values.map((one) => one.trim()).filter(Boolean);
  const kind = take.text("param_type");
  const low = take.text("lower_bound");
  const isDiscrete = kind === "discrete" || (kind === "" && kept.length > 0 && low === "");
  return {
    ...searched(take.text("name")),
    kind: isDiscrete ? "discrete" : "continuous",
    low,
    high: take.text("upper_bound"),
    points: take.text("discrete_points_num"),
    values: kept,
    rest: take.rest(),
  };
}

function strategyOf(item: unknown): Strategy {
  const take = new Taker(item);
  return {
    name: take.text("name"),
    settings: take.list("params").map((one) => {
      const setting = new Taker(one);
      return { key: setting.text("key"), value: setting.text("value"), type: setting.text("type") };
    }),
  };
}
