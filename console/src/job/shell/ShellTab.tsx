import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { jobKeys } from "../../jobs/queries.ts";
import { Busy } from "../../shared/Busy.tsx";
import { Nothing } from "../../shared/Nothing.tsx";
import { Problem } from "../../shared/Problem.tsx";
import { useUrlState } from "../../shared/url.ts";
import type { TabProps } from "../JobPage.tsx";
import { tasksQuery } from "../queries.ts";
import { chosenTask, isOpenable } from "./openable.ts";
import { ShellView } from "./ShellView.tsx";
import styles from "./shell.module.css";

/** A shell in one of the job's tasks. It opens with the tab and ends with it; what it said stays until then. */
export function ShellTab({ job }: TabProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const id = job.metadata.id;
  const query = useQuery(tasksQuery(id));
  const [url, setUrl] = useUrlState({ task: "" });
  const tasks = query.data ?? [];
  const chosen = chosenTask(job, tasks, url.task);
  const canOpen = isOpenable(
    job,
    tasks.find((each) => each.task === chosen),
  );
  const [opened, setOpened] = useState("");
  useEffect(() => {
    if (canOpen) setOpened(chosen);
  }, [canOpen, chosen]);
  // The task of a shell that has ended may be over: another one must not be chosen for the reader.
  const task = url.task === "" && opened ? opened : chosen;
  if (!query.data)
    return query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : <Busy />;
  if (task === "") return <Nothing title={t("job.shell.none")} hint={t("job.shell.noneHint")} />;
  const choice = (
    <Select
      className={styles.task as string}
      aria-label={t("job.task.name")}
      showSearch={tasks.length > 8}
      value={task}
      onChange={(name: string) => setUrl({ task: name })}
      options={tasks.map((each) => ({
        value: each.task,
        label: `${each.task} · ${t(`job.taskState.${each.state}`, each.state)}`,
      }))}
    />
  );
  if (opened !== task && !canOpen)
    return (
      <div className={styles.shell}>
        <div className={styles.bar}>{choice}</div>
        <Nothing title={t("job.shell.notRunning", { task })} hint={t("job.shell.noneHint")} />
      </div>
    );
  return (
    <ShellView
      key={task}
      job={id}
      task={task}
      isOpenable={isOpenable(
        job,
        tasks.find((each) => each.task === task),
      )}
      choice={choice}
      onEnd={() => void queries.invalidateQueries({ queryKey: jobKeys.one(id) })}
    />
  );
}
