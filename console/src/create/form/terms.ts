/** What a saved or published algorithm fixes for its jobs, and what it leaves to them. Pure. */
import { isJson, type Json, Taker } from "./json.ts";
import { type Channel, channel, type JobForm, type Parameter, parameter } from "./model.ts";

export const TYPES = ["String", "Integer", "Float", "Boolean"] as const;
export type ParameterType = (typeof TYPES)[number];

export interface ParameterTerms {
  name: string;
  type: ParameterType;
  value: string;
  hasValue: boolean;
  description: string;
  editable: boolean;
  required: boolean;
  range: readonly [string, string] | null;
  choice: readonly string[] | null;
}
export interface ChannelTerms {
  name: string;
  description: string;
  access: Channel["access"];
  /** Kinds of places it takes; empty: any. */
  places: readonly Channel["place"][];
}
export interface Terms {
  name: string;
  codeDir: string;
  bootFile: string;
  command: string;
  engine: string;
  parameters: readonly ParameterTerms[];
  /** Whether a job may have hyperparameters of its own. */
  takesMore: boolean;
  /** Empty: the job's own business. */
  inputs: readonly ChannelTerms[];
  outputs: readonly ChannelTerms[];
  /** Empty: any. */
  flavorTypes: readonly string[];
  severalCards: boolean;
  severalNodes: boolean;
}

/** The terms of an algorithm's `job_config` and `resource_requirements`. */
export function termsOf(name: string, config: unknown, requirements: unknown): Terms {
  const take = new Taker(config);
  const engine = ["engine_id", "engine_name", "engine_version", "image_url"].map((part) =>
    take.text("engine", part),
  );
  const needs = needsOf(requirements);
  const mode = (key: string) => needs.get(key)?.includes("multiple") ?? true;
  return {
    name,
    codeDir: take.text("code_dir"),
    bootFile: take.text("boot_file"),
    command: take.text("command"),
    engine: engine[0] || [engine[1], engine[2]].filter(Boolean).join(" ") || engine[3] || "",
    parameters: take.list("parameters").map(parameterTerms),
    takesMore: !(isJson(config) && config.parameters_customization === false),
    inputs: take.list("inputs").map(channelTerms),
    outputs: take.list("outputs").map(channelTerms),
    flavorTypes: needs.get("flavor_type") ?? [],
    severalCards: mode("device_distributed_mode"),
    severalNodes: mode("host_distributed_mode"),
  };
}

function needsOf(requirements: unknown): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of Array.isArray(requirements) ? requirements : []) {
    const take = new Taker(one);
    const values = take.list("values").map(String);
    const allowed = values.length > 0 ? values : take.list("value").map(String);
    if (allowed.length > 0) found.set(take.text("key"), allowed);
  }
  return found;
}

function parameterTerms(item: unknown): ParameterTerms {
  const take = new Taker(item);
  const hasValue = take.has("value");
  const constraint = isJson(item) && isJson(item.constraint) ? item.constraint : {};
  const type = TYPES.find((one) => one === constraint.type) ?? "String";
  return {
    name: take.text("name"),
    value: take.text("value"),
    hasValue,
    description: take.text("description") || take.text("i18n_description", "description"),
    type,
    editable: constraint.editable !== false,
    required: constraint.required === true,
    ...limitOf(constraint, type),
  };
}

/** A limit as the server understands it: `Range`, `Choice`, or by what the list looks like. */
function limitOf(constraint: Json, type: ParameterType): Pick<ParameterTerms, "range" | "choice"> {
  const word = String(constraint.valid_type ?? "").toLowerCase();
  const allowed = Array.isArray(constraint.valid_range) ? constraint.valid_range.map(String) : [];
  const [low, high] = allowed;
  const isNumber = type === "Integer" || type === "Float";
  const fits =
    isNumber &&
    allowed.length === 2 &&
    low !== undefined &&
    high !== undefined &&
    Number(low) <= Number(high);
  if (fits && (word === "range" || word === "")) return { range: [low, high], choice: null };
  const isChoice = ["choice", "enum", "enumeration"].includes(word) || (word === "" && !fits);
  return { range: null, choice: isChoice && allowed.length > 0 ? allowed : null };
}

function channelTerms(item: unknown): ChannelTerms {
  const take = new Taker(item);
  const places = new Set<Channel["place"]>();
  for (const one of take.list("remote_constraints")) {
    const kind = new Taker(one).text("data_type");
    if (kind) places.add(kind === "obs" ? "path" : "dataset");
  }
  const access = take.text("access_method");
  return {
    name: take.text("name"),
    description: take.text("description"),
    access: access === "env" || access === "parameter" ? access : "",
    places: [...places],
  };
}

/** What is wrong with a hyperparameter's value; null when nothing is. The server's own rules. */
export function valueProblem(terms: ParameterTerms, value: string): "missing" | "type" | "range" | null {
  if (value === "") return terms.required ? "missing" : null;
  const number = Number(value);
  const isNumber = value.trim() !== "" && !Number.isNaN(number);
  if (terms.type === "Integer" && !/^[+-]?\d{1,300}$/.test(value)) return "type";
  if (terms.type === "Float" && !isNumber && !/^[+-]?inf(inity)?$/i.test(value)) return "type";
  if (terms.type === "Boolean" && !/^(true|false|0|1)$/i.test(value)) return "type";
  if (terms.range && (number < Number(terms.range[0]) || number > Number(terms.range[1]))) return "range";
  if (terms.choice && !isAmong(value, terms)) return "range";
  return null;
}

function isAmong(value: string, { choice, type }: ParameterTerms): boolean {
  if (choice === null || choice.includes(value)) return true;
  if (type === "Boolean") return choice.some((one) => one.toLowerCase() === value.toLowerCase());
  return (type === "Integer" || type === "Float") && choice.some((one) => Number(one) === Number(value));
}

/** The form with the algorithm's hyperparameters and channels; what was said of those with the same names stays. */
export function withTerms(form: JobForm, terms: Terms): JobForm {
  const given = new Map(form.parameters.map((one) => [one.name, one]));
  const declared = terms.parameters.map((own): Parameter => {
    const before = given.get(own.name);
    if (before && own.editable) return before;
    return { ...(before ?? parameter(own.name, own.value)), value: own.value, unset: !own.hasValue };
  });
  const names = new Set(terms.parameters.map((own) => own.name));
  const others = terms.takesMore ? form.parameters.filter((one) => one.name && !names.has(one.name)) : [];
  return {
    ...form,
    subject: terms.name,
    parameters: [...declared, ...others],
    inputs: channelsBy(terms.inputs, form.inputs),
    outputs: channelsBy(terms.outputs, form.outputs),
  };
}

function channelsBy(terms: readonly ChannelTerms[], given: readonly Channel[]): readonly Channel[] {
  if (terms.length === 0) return given;
  const left = new Map(given.map((one) => [one.name, one]));
  return terms.map((own) => {
    const before = left.get(own.name) ?? { ...channel(own.name), place: own.places[0] ?? "path" };
    const isTaken = own.places.length === 0 || before.place === "job" || own.places.includes(before.place);
    return isTaken ? before : { ...before, place: own.places[0] ?? "path" };
  });
}

/** Whether jobs of the algorithm run on such a flavor. */
export function fitsFlavor(terms: Terms | null, flavor: { type: string; cards: number }): boolean {
  if (terms === null) return true;
  const isType = terms.flavorTypes.length === 0 || terms.flavorTypes.includes(flavor.type);
  return isType && (terms.severalCards || flavor.cards <= 1);
}
