/** The parts of an algorithm's form that a job's form has, too, so that its fields and rules serve both. Pure. */
import { EMPTY, type JobForm } from "../../create/form/model.ts";
import type { AlgorithmForm } from "./model.ts";

const SHARED = ["source", "engine", "codeDir", "bootFile", "command", "metrics"] as const;

export function asJob(form: AlgorithmForm): JobForm {
  return {
    ...EMPTY,
    name: form.name,
    description: form.description,
    source: form.source,
    engine: form.engine,
    codeDir: form.codeDir,
    bootFile: form.bootFile,
    command: form.command,
    metrics: form.metrics,
    parameters: form.parameters,
  };
}

/** What of a job form's change concerns the algorithm. */
export function fromJob(change: Partial<JobForm>): Partial<AlgorithmForm> {
  const known = Object.entries(change).filter(([name]) => (SHARED as readonly string[]).includes(name));
  return Object.fromEntries(known);
}
