/** What the form holds: one flat model of plain values, from which the request's body is made and which is read from one.
 *
 * What of a body the form has no field for is kept in `rest` and goes back as it came.
 */
import type { Schemas } from "../../api/client.ts";

export type JobBody = Schemas["JobRequest"] | Schemas["RoleJobRequest"];
/** A part of a body, as JSON. */
export type Rest = { readonly [name: string]: unknown };

export const SOURCES = ["preset", "command", "algorithm", "subscription"] as const;
export type Source = (typeof SOURCES)[number];
export const STOP_UNITS = { HOURS: 3600, MINUTES: 60, SECONDS: 1 } as const;
export type StopUnit = keyof typeof STOP_UNITS;

export interface Row {
  /** Identity of the row on the page; not part of the body. */
  key: string;
}
export interface Pair extends Row {
  name: string;
  value: string;
}
export interface Parameter extends Pair {
  /** Passed as a bare `--name`, without value. */
  flag: boolean;
  /** The body names it without a value: it is not passed at all. */
  unset: boolean;
  rest: Rest;
}
export interface Channel extends Row {
  name: string;
  place: "path" | "dataset" | "job";
  path: string;
  dataset: string;
  /** Empty: the newest. */
  version: string;
  job: string;
  jobOutput: string;
  access: "" | "parameter" | "env";
  localDir: string;
  /** Outputs only: what lies there is laid into the container before the start. */
  prefetch: boolean;
  rest: Rest;
}
export interface Role extends Row {
  name: string;
  command: string;
  /** Instead of a command; relative to the code folder. */
  bootFile: string;
  parameters: readonly Pair[];
  environments: readonly Pair[];
  flavor: string;
  nodes: number | null;
  minSucceeded: number | null;
  minFailed: number | null;
  main: boolean;
  rest: Rest;
}
export interface Engine {
  id: string;
  name: string;
  version: string;
  image: string;
}
/** Fixed folders at the root of the container's file system. */
export interface Folders {
  on: boolean;
  dataset: string;
  datasetVersion: string;
  datasetPath: string;
  model: string;
  modelVersion: string;
  output: string;
  outputPath: string;
  userHome: boolean;
}

export interface JobForm {
  name: string;
  /** Whether a person chose the name; else it follows the code folder. */
  named: boolean;
  /** What the algorithm that it runs is called. */
  subject: string;
  description: string;
  workspace: string;
  kind: string;
  source: Source;
  engine: Engine;
  codeDir: string;
  bootFile: string;
  command: string;
  algorithm: string;
  subscription: string;
  itemVersion: string;
  localCodeDir: string;
  workingDir: string;
  inputs: readonly Channel[];
  outputs: readonly Channel[];
  folders: Folders;
  parameters: readonly Parameter[];
  environments: readonly Pair[];
  metrics: readonly Pair[];
  hasRoles: boolean;
  roles: readonly Role[];
  pool: string;
  flavor: string;
  nodes: number | null;
  priority: number | null;
  preemptible: boolean;
  stopAfter: number | null;
  stopUnit: StopUnit;
  graceSeconds: number | null;
  reserveHours: number | null;
  retries: number | null;
  retryAlways: boolean;
  retryHang: boolean;
  keepForever: boolean;
  logPath: string;
  events: readonly string[];
  topic: string;
  keepLast: number | null;
  keepBest: number | null;
  bestBy: string;
  bestIs: "" | "min" | "max";
  experiment: { id: string; name: string };
  tags: readonly Pair[];
  rest: Rest;
}

let rows = 0;
/** An identity for a new row. */
export function rowKey(): string {
  rows += 1;
  return `${Date.now().toString(36)}-${rows}`;
}

export const pair = (name = "", value = ""): Pair => ({ key: rowKey(), name, value });

export const parameter = (name = "", value = "", flag = false): Parameter => ({
  key: rowKey(),
  name,
  value,
  flag,
  unset: false,
  rest: {},
});

export const channel = (name = "", path = ""): Channel => ({
  key: rowKey(),
  name,
  place: "path",
  path,
  dataset: "",
  version: "",
  job: "",
  jobOutput: "",
  access: "",
  localDir: "",
  prefetch: false,
  rest: {},
});

export const role = (name = ""): Role => ({
  key: rowKey(),
  name,
  command: "",
  bootFile: "",
  parameters: [],
  environments: [],
  flavor: "",
  nodes: 1,
  minSucceeded: null,
  minFailed: null,
  main: false,
  rest: {},
});

export const NO_ENGINE: Engine = { id: "", name: "", version: "", image: "" };
export const NO_FOLDERS: Folders = {
  on: false,
  dataset: "",
  datasetVersion: "",
  datasetPath: "",
  model: "",
  modelVersion: "",
  output: "",
  outputPath: "",
  userHome: false,
};

export const EMPTY: JobForm = {
  name: "",
  named: false,
  subject: "",
  description: "",
  workspace: "",
  kind: "job",
  source: "preset",
  engine: NO_ENGINE,
  codeDir: "",
  bootFile: "",
  command: "",
  algorithm: "",
  subscription: "",
  itemVersion: "",
  localCodeDir: "",
  workingDir: "",
  inputs: [],
  outputs: [],
  folders: NO_FOLDERS,
  parameters: [],
  environments: [],
  metrics: [],
  hasRoles: false,
  roles: [],
  pool: "",
  flavor: "",
  nodes: 1,
  priority: null,
  preemptible: false,
  stopAfter: null,
  stopUnit: "HOURS",
  graceSeconds: null,
  reserveHours: null,
  retries: null,
  retryAlways: false,
  retryHang: false,
  keepForever: false,
  logPath: "",
  events: [],
  topic: "",
  keepLast: null,
  keepBest: null,
  bestBy: "",
  bestIs: "",
  experiment: { id: "", name: "" },
  tags: [],
  rest: {},
};

/** Rows that say something; empty ones are only on the page. Their places in the list are their places in the body. */
export const filledPairs = <T extends Pair>(pairs: readonly T[]): T[] =>
  pairs.filter((one) => one.name !== "" || one.value !== "");

export const filledChannels = (channels: readonly Channel[]): Channel[] =>
  channels.filter((one) => one.name || one.path || one.dataset || one.job || one.localDir);

/** After what a job is called while nobody has named it. */
export function subjectOf(form: JobForm): string {
  return form.source === "preset" || form.source === "command" ? form.codeDir : form.subject;
}

/** A name that is likely free: after a folder or an algorithm with an ASCII name, with date, time and chance. */
export function suggestedName(subject: string, now: Date, chance: string): string {
  const folder = subject.replace(/\/+$/, "").replace(/^[a-z0-9]+:\/\/[^/]*/, "");
  const parts = folder.split("/").filter((part) => /^[\w.-]+$/.test(part));
  const last = parts.at(-1) ?? "";
  const plain = (["code", "src", "scripts"].includes(last) ? (parts.at(-2) ?? last) : last)
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const two = (value: number) => String(value).padStart(2, "0");
  const stamp = `${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
  return `${plain.slice(0, 40) || "job"}-${stamp}-${chance}`;
}

/** `text` below `folder`, unless it is a path of the store itself. */
export function below(folder: string, text: string): string {
  if (text === "" || folder === "" || /^(obs:\/\/|s3:\/\/|\/)/.test(text)) return text;
  return `${folder.replace(/\/+$/, "")}/${text.replace(/^(\.\/)+/, "")}`;
}

/** The reverse: what of `path` lies below `folder`, else all of it. */
export function within(folder: string, path: string): string {
  const bare = folder.replace(/\/+$/, "");
  return bare && path.startsWith(`${bare}/`) ? path.slice(bare.length + 1) : path;
}
