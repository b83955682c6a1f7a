/** What the form of an algorithm holds: plain values, from which the request's body is made and which is read from one.
 *
 * What of a body the form has no field for is kept in `rest` and goes back as it came.
 */
import type { Schemas } from "../../api/client.ts";
import {
  type Engine,
  NO_ENGINE,
  type Pair,
  type Parameter,
  parameter,
  type Rest,
  type Row,
  rowKey,
} from "../../create/form/model.ts";
import type { ParameterType } from "../../create/form/terms.ts";

export type AlgorithmBody = Schemas["AlgorithmBody"];

export const FLAVOR_TYPES = ["CPU", "GPU", "Ascend"] as const;
export const LIMITS = ["none", "range", "choice"] as const;
export type Limit = (typeof LIMITS)[number];

/** A hyperparameter: its default, and what jobs may make of it. */
export interface Declared extends Parameter {
  type: ParameterType;
  required: boolean;
  editable: boolean;
  limit: Limit;
  low: string;
  high: string;
  choices: readonly string[];
  description: string;
}

/** A kind of place that an input takes its data from. */
export type Place = "obs" | "dataset";

export interface Port extends Row {
  name: string;
  description: string;
  access: "" | "parameter" | "env";
  /** `remote_constraints` as they came, one for each kind of place; none: any. Inputs only. */
  constraints: readonly Rest[];
  rest: Rest;
}

/** Whether jobs may have several of something; "" when the algorithm does not say. */
export type Mode = "" | "multiple" | "singular";

export interface Reward extends Row {
  name: string;
  mode: "max" | "min";
  regex: string;
  rest: Rest;
}
export interface Searched extends Row {
  name: string;
  kind: "continuous" | "discrete";
  low: string;
  high: string;
  /** How many values between the bounds; empty: all. */
  points: string;
  values: readonly string[];
  rest: Rest;
}
export interface Setting {
  key: string;
  value: string;
  type: string;
}
export interface Strategy {
  name: string;
  settings: readonly Setting[];
}
export interface Search {
  on: boolean;
  rewards: readonly Reward[];
  parameters: readonly Searched[];
  strategies: readonly Strategy[];
  /** Combinations that are left out. */
  skip: string;
}

export interface AlgorithmForm {
  name: string;
  description: string;
  workspace: string;
  source: "preset" | "command";
  engine: Engine;
  codeDir: string;
  bootFile: string;
  command: string;
  parameters: readonly Declared[];
  /** Whether jobs may have hyperparameters of their own. */
  takesMore: boolean;
  inputs: readonly Port[];
  outputs: readonly Port[];
  metrics: readonly Pair[];
  /** Empty: any. */
  flavorTypes: readonly string[];
  cards: Mode;
  hosts: Mode;
  search: Search;
  rest: Rest;
}

export const declared = (name = "", value = "", flag = false): Declared => ({
  ...parameter(name, value, flag),
  unset: value === "" && !flag,
  type: "String",
  required: false,
  editable: true,
  limit: "none",
  low: "",
  high: "",
  choices: [],
  description: "",
});

export const port = (name = ""): Port => ({
  key: rowKey(),
  name,
  description: "",
  access: "",
  constraints: [],
  rest: {},
});

export const reward = (name = ""): Reward => ({ key: rowKey(), name, mode: "max", regex: "", rest: {} });

export const searched = (name = ""): Searched => ({
  key: rowKey(),
  name,
  kind: "continuous",
  low: "",
  high: "",
  points: "",
  values: [],
  rest: {},
});

export const NO_SEARCH: Search = { on: false, rewards: [], parameters: [], strategies: [], skip: "" };

export const EMPTY_ALGORITHM: AlgorithmForm = {
  name: "",
  description: "",
  workspace: "",
  source: "preset",
  engine: NO_ENGINE,
  codeDir: "",
  bootFile: "",
  command: "",
  parameters: [],
  takesMore: true,
  inputs: [],
  outputs: [],
  metrics: [],
  flavorTypes: [],
  cards: "",
  hosts: "",
  search: NO_SEARCH,
  rest: {},
};

/** Rows that say something; empty ones are only on the page. */
export const filledDeclared = (rows: readonly Declared[]): Declared[] =>
  rows.filter((one) => one.name !== "" || one.value !== "" || one.description !== "");

export const filledPorts = (rows: readonly Port[]): Port[] =>
  rows.filter((one) => one.name !== "" || one.description !== "");

/** The kinds of place that an input takes; none: any. */
export function placesOf(one: Port): Place[] {
  const kinds = one.constraints.map((constraint) => (constraint.data_type === "obs" ? "obs" : "dataset"));
  return [...new Set(kinds)];
}

/** `one` taking only `places`; what was said of those that stay, stays. */
export function withPlaces(one: Port, places: readonly Place[]): Port {
  const known = new Set(placesOf(one));
  const isKept = (constraint: Rest) => places.includes(constraint.data_type === "obs" ? "obs" : "dataset");
  const added = places.filter((place) => !known.has(place)).map((data_type) => ({ data_type }));
  return { ...one, constraints: [...one.constraints.filter(isKept), ...added] };
}

/** A name for the copy of `name`, within what a name may hold. */
export function copyName(name: string): string {
  return `${name.slice(0, 59)}-copy`;
}
