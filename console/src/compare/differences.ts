/** What jobs were given, side by side. Pure. */
import { engineOf, type Job, poolOf } from "../jobs/types.ts";

export interface Row {
  /** `parameter`, `environment`, `source`, `resource`: the group it is shown in. */
  group: "source" | "parameter" | "environment" | "resource";
  name: string;
  /** One for each job; undefined where the job has none. */
  values: (string | undefined)[];
  differs: boolean;
}

function environment(job: Job): [string, string][] {
  const given = job.algorithm.environments;
  if (!given) return [];
  return Array.isArray(given) ? given.map((one) => [one.name, one.value]) : Object.entries(given);
}

function facts(job: Job): [Row["group"], string, string][] {
  const { algorithm } = job;
  const resource = job.spec?.resource;
  const found: [Row["group"], string, string | undefined][] = [
    ["source", "engine", engineOf(job)],
    ["source", "code", algorithm.code_dir],
    ["source", "boot", algorithm.boot_file],
    ["source", "command", algorithm.command],
    ["source", "algorithm", algorithm.name ?? algorithm.id],
    ...(algorithm.inputs ?? []).map(
      (channel) =>
        [
          "source",
          channel.name,
          channel.remote?.obs?.obs_url ?? channel.remote?.dataset?.name ?? channel.remote?.dataset?.id,
        ] as [Row["group"], string, string | undefined],
    ),
    ...(algorithm.parameters ?? []).map(
      ({ name, value }) => ["parameter", name, value] as [Row["group"], string, string],
    ),
    ...environment(job).map(
      ([name, value]) => ["environment", name, value] as [Row["group"], string, string],
    ),
    ["resource", "flavor", resource?.flavor_name],
    ["resource", "nodes", resource?.node_count === undefined ? undefined : String(resource.node_count)],
    ["resource", "pool", poolOf(job)],
  ];
  return found.filter((fact): fact is [Row["group"], string, string] => Boolean(fact[2]));
}

const GROUPS: readonly Row["group"][] = ["parameter", "environment", "source", "resource"];

/** All that any of `jobs` was given, parameters first; names in the order in which they first come. */
export function compared(jobs: readonly Job[]): Row[] {
  const rows = new Map<string, Row>();
  jobs.forEach((job, index) => {
    for (const [group, name, value] of facts(job)) {
      const key = `${group} ${name}`;
      const row = rows.get(key) ?? { group, name, values: jobs.map(() => undefined), differs: false };
      row.values[index] = value;
      rows.set(key, row);
    }
  });
  for (const row of rows.values()) row.differs = new Set(row.values).size > 1;
  return [...rows.values()].sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
}

/** `rows` as CSV (RFC 4180), safe for spreadsheets: no cell can begin a formula. */
export function toCsv(rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cell = (value: string | number | undefined) => {
    let text = value === undefined ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)))
      text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
