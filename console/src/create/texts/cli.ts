/** The shell command that makes the same job: `trainwright job create …`. Pure. */
import { type Draft, draftOf, type Texts } from "./draft.ts";
import { toYaml } from "./yaml.ts";

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word of a POSIX shell. */
export function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command to be pasted into a shell; what options cannot say is written to a file first. */
export function toCli(body: object, tags: Texts = {}): string {
  const draft = draftOf(body);
  const words = draft && isSaidByOptions(draft) ? optionsOf(draft) : null;
  const lines = words ?? [["--file", "training.yaml"]];
  for (const [name, value] of Object.entries(tags)) lines.push(["--tag", value ? `${name}=${value}` : name]);
  const command = ["trainwright job create", ...lines.map((line) => line.map(quoted).join(" "))].join(
    " \\\n  ",
  );
  return words ? command : `${fileOf(body)}\n${command}`;
}

/** The options know no channels that come as variables, no folder for the code, and one annotation only. */
function isSaidByOptions(draft: Draft): boolean {
  return (
    draft.byEnvironment.length === 0 && !draft.localCodeDir && Object.keys(draft.annotations).length === 0
  );
}

function optionsOf(draft: Draft): string[][] {
  const options: string[][] = [];
  const one = (option: string, value: string | number | null) => {
    if (value !== "" && value !== null) options.push([option, String(value)]);
  };
  const each = (option: string, values: Texts) => {
    for (const [name, value] of Object.entries(values)) options.push([option, `${name}=${value}`]);
  };
  one("--name", draft.name);
  one("--description", draft.description);
  one("--workspace", draft.workspace);
  one("--experiment", draft.experiment);
  one("--algorithm", draft.algorithm);
  one("--code-dir", draft.codeDir);
  one("--boot-file", draft.bootFile);
  one("--command", draft.command);
  one("--engine", draft.engine);
  one("--image", draft.image);
  one("--working-dir", draft.workingDir);
  each("--input", draft.inputs);
  each("--dataset", draft.datasets);
  each("--output", draft.outputs);
  for (const name of draft.prefetch) one("--prefetch", name);
  each("--param", draft.parameters);
  each("--env", draft.environment);
  each("--metric", draft.metrics);
  one("--pool", draft.pool);
  one("--flavor", draft.flavor);
  if (draft.nodes !== 1) one("--nodes", draft.nodes);
  one("--priority", draft.priority);
  if (draft.preemptible) options.push(["--preemptible"]);
  one("--auto-stop", draft.autoStop);
  one("--retries", draft.retries);
  one("--reserve-hours", draft.reserveHours);
  one("--log-path", draft.logPath);
  return options;
}

/** The job's file, written by a here-document. In a file that is one mapping no value begins a line, so none ends it. */
function fileOf(body: object): string {
  return `cat > training.yaml <<'END'\n${toYaml(body)}END`;
}
