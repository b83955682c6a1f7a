/** The form as it was left, kept for this tab until the job is made. Values of secret variables are not kept. */
import { project } from "../api/client.ts";
import { EMPTY, type JobForm, type Pair } from "./form/model.ts";
import { isSecret } from "./form/paste.ts";

const PREFIX = "trainwright.create.";

/** Under which name the draft of a page with this search is kept: another beginning is another draft. */
export function draftName(search: URLSearchParams): string {
  const beginnings = ["from", "algorithm", "subscription", "dataset", "version", "experiment"];
  const said = beginnings.flatMap((name) => (search.get(name) ? [`${name}=${search.get(name)}`] : []));
  return `${PREFIX}${project()}.${said.join("&")}`;
}

const open = (rows: readonly Pair[]) => rows.map((row) => (isSecret(row.name) ? { ...row, value: "" } : row));

export function keepDraft(name: string, form: JobForm): void {
  const kept: JobForm = {
    ...form,
    environments: open(form.environments),
    roles: form.roles.map((role) => ({ ...role, environments: open(role.environments) })),
  };
  try {
    sessionStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // Nothing can be kept in this browser; the page asks before it is left all the same.
  }
}

/** The kept draft; null when there is none that can be read. */
export function readDraft(name: string): JobForm | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(name) ?? "null");
    return typeof kept === "object" && kept !== null ? { ...EMPTY, ...kept } : null;
  } catch {
    return null;
  }
}

export function dropDraft(name: string): void {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // Nothing was kept.
  }
}
