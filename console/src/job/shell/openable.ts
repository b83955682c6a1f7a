/** In which tasks a shell can be had. Pure. */
import type { Schemas } from "../../api/client.ts";
import type { Job } from "../../jobs/types.ts";

type Task = Pick<Schemas["TaskItem"], "task" | "state" | "reason">;

/** Whether the task's command runs, or its environment is kept after a failure; the server has the last word. */
export function isOpenable(job: Job, task: Task | undefined): boolean {
  if (!task || job.status?.phase !== "Running") return false;
  if (task.state === "ended") return Boolean(job.status.retention_time) && task.reason !== "completed";
  return task.state === "running" || task.state === "finishing";
}

/** The task of the address, else the first one with a command that runs, else the first of all. */
export function chosenTask(job: Job, tasks: readonly Task[], asked: string): string {
  const names = tasks.map((task) => task.task);
  if (names.includes(asked)) return asked;
  return tasks.find((task) => isOpenable(job, task))?.task ?? names[0] ?? "";
}
