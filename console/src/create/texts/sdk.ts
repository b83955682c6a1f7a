/** The Python program that makes the same job with the SDK. Pure. */
import { isJson } from "../form/json.ts";
import { type Draft, draftOf, has, type Texts } from "./draft.ts";

const WIDTH = 100;

/** A program of its own: connect, create, and what to do next. */
export function toSdk(body: object, tags: Texts = {}): string {
  const draft = draftOf(body);
  const call =
    draft && !has(draft.datasets)
      ? `platform.jobs.create(${keywordsOf(draft)})`
      : `platform.jobs.create_from(${literal(body, 4)})`;
  const lines = [
    "from trainwright import connect",
    "",
    "with connect() as platform:",
    `    job = ${call}`,
    ...(has(tags) ? [`    job.add_tags(${literal(tags, 4)})`] : []),
    "    print(job.id)",
  ];
  return `${lines.join("\n")}\n`;
}

function keywordsOf(draft: Draft): string {
  const said: [string, unknown][] = [
    ["name", draft.name],
    ["description", draft.description || null],
    ["workspace", draft.workspace],
    ["experiment", draft.experiment],
    ["algorithm", draft.algorithm],
    ["code_dir", draft.codeDir],
    ["boot_file", draft.bootFile],
    ["command", draft.command],
    ["engine", draft.engine],
    ["image", draft.image],
    ["working_dir", draft.workingDir],
    ["local_code_dir", draft.localCodeDir],
    ["inputs", draft.inputs],
    ["outputs", draft.outputs],
    ["prefetch", draft.prefetch],
    ["by_environment", draft.byEnvironment],
    ["parameters", draft.parameters],
    ["environment", draft.environment],
    ["metrics", draft.metrics],
    ["pool", draft.pool],
    ["flavor", draft.flavor],
    ["nodes", draft.nodes === 1 ? null : draft.nodes],
    ["priority", draft.priority],
    ["preemptible", draft.preemptible || null],
    ["auto_stop", draft.autoStop],
    ["retries", draft.retries],
    ["reserve_hours", draft.reserveHours],
    ["log_path", draft.logPath],
    ["annotations", draft.annotations],
  ];
  const lines = said
    .filter(([name, value]) => name === "name" || !isEmpty(value))
    .map(([name, value]) => `        ${name}=${literal(value, 8)},\n`);
  return `\n${lines.join("")}    `;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === "" || value === null || (isJson(value) && Object.keys(value).length === 0);
}

/** `value` as Python writes it. JSON's texts are Python's, too. */
export function literal(value: unknown, indent: number): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  const within = (at: number) =>
    isList
      ? value.map((item) => literal(item, at))
      : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item, at)}`);
  const short = `${open}${within(indent + 4).join(", ")}${close}`;
  if (short.length + indent <= WIDTH && !short.includes("\n")) return short;
  const pad = " ".repeat(indent);
  const lines = within(indent + 4).map((item) => `${pad}    ${item},\n`);
  return `${open}\n${lines.join("")}${pad}${close}`;
}
