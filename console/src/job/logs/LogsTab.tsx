import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LogOf } from "../../api/logs.ts";
import { type Job, reasonOf } from "../../jobs/types.ts";
import { Nothing } from "../../shared/Nothing.tsx";
import { FINAL } from "../../shared/Phase.tsx";
import type { TabProps } from "../JobPage.tsx";
import { LogView } from "./LogView.tsx";
import { ALL, useLogUrl } from "./useLogUrl.ts";

/** The logs of a job: of one task, or of all merged in time. */
export function LogsTab({ job }: TabProps) {
  const url = useLogUrl();
  const id = job.metadata.id;
  const names = (job.status?.tasks ?? []).join("\n");
  const attempts = attemptsOf(job);
  const asked = Number(url.state.attempt);
  const attempt = attempts.includes(asked) ? asked : (attempts.at(-1) ?? 0);
  const task = url.state.task || (names.includes("\n") ? ALL : names);
  const tasks = useMemo(() => names.split("\n").filter(Boolean), [names]);
  const known = task === ALL || tasks.includes(task) ? task : ALL;
  const logs = useMemo<LogOf[]>(
    () => (known === ALL ? tasks : [known]).map((name) => ({ job: id, task: name, attempt })),
    [id, known, tasks, attempt],
  );
  if (attempt === 0 || tasks.length === 0) return <NoLog job={job} />;
  return (
    <LogView
      key={`${known} ${attempt}`}
      job={job}
      url={url}
      logs={logs}
      task={known === ALL && tasks.length === 1 ? (tasks[0] as string) : known}
      tasks={tasks}
      attempt={attempt}
      attempts={attempts}
    />
  );
}

/** Numbers of the attempts that have begun, the first one first. */
function attemptsOf(job: Job): number[] {
  return (job.status?.running_records ?? []).map((record) => record.attempt ?? 0).sort((a, b) => a - b);
}

function NoLog({ job }: { job: Job }) {
  const { t } = useTranslation();
  if (FINAL.has(job.status?.phase ?? "")) return <Nothing title={t("logs.never")} />;
  return <Nothing title={t("logs.notYet")} hint={reasonOf(job) || t("logs.notYetHint")} />;
}
