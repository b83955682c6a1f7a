import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "../../api/client.ts";
import { Dash } from "../../shared/Dash.tsx";
import { type Column, DataList } from "../../shared/DataList.tsx";
import { bytes } from "../../shared/format.ts";
import { Nothing } from "../../shared/Nothing.tsx";
import { Section } from "../../shared/Page.tsx";
import { Duration, Exact } from "../../shared/Times.tsx";
import type { TabProps } from "../JobPage.tsx";
import { tasksQuery } from "../queries.ts";
import { Attempts } from "./Attempts.tsx";
import { Stacks } from "./Stacks.tsx";

type Task = Schemas["TaskItem"];

/** The job's tasks with their nodes and exit codes; its attempts; the stacks that were taken. */
export function TasksTab({ job }: TabProps) {
  const { t } = useTranslation();
  const id = job.metadata.id;
  const query = useQuery({ ...tasksQuery(id), select: (items) => ({ items, total: items.length }) });
  const columns: Column<Task>[] = [
    {
      key: "task",
      title: t("job.task.name"),
      fixed: true,
      render: (task) => (
        <Link to={`/jobs/${id}/logs?task=${encodeURIComponent(task.task)}`}>{task.task}</Link>
      ),
    },
    {
      key: "state",
      title: t("job.task.state"),
      render: (task) => t(`job.taskState.${task.state}`, task.state ?? ""),
    },
    {
      key: "exit",
      title: t("job.task.exit"),
      align: "right",
      render: (task) => <ExitCode code={task.exit_code} />,
    },
    {
      key: "reason",
      title: t("job.task.reason"),
      render: (task) => task.reason_message || task.message || "",
    },
    { key: "host", title: t("job.task.host"), render: (task) => task.host || task.host_ip || "" },
    {
      key: "ip",
      title: t("job.task.ip"),
      hidden: true,
      render: (task) => <span className="mono">{task.ip}</span>,
    },
    { key: "launcher", title: t("job.task.launcher"), hidden: true, render: (task) => task.launcher ?? "" },
    { key: "started", title: t("job.task.started"), render: (task) => <Exact at={task.start_time ?? 0} /> },
    {
      key: "duration",
      title: t("jobs.col.duration"),
      align: "right",
      render: (task) =>
        task.end_time ? (
          <Duration ms={task.end_time - (task.start_time ?? 0)} />
        ) : (
          <Duration since={task.start_time ?? undefined} />
        ),
    },
    { key: "log", title: t("job.task.log"), align: "right", render: (task) => bytes(task.log_size ?? 0) },
  ];
  return (
    <>
      <DataList<Task>
        name="tasks"
        columns={columns}
        rowKey={(task) => task.task}
        query={query}
        empty={<Nothing title={t("job.noTasks")} hint={t("job.noTasksHint")} />}
      />
      <Section title={t("job.attempts")}>
        <Attempts job={job} />
      </Section>
      <Stacks id={id} />
    </>
  );
}

function ExitCode({ code }: { code: number | null | undefined }) {
  if (code === null || code === undefined) return <Dash />;
  return <span className={code === 0 ? "tabular" : "tabular wrong"}>{code}</span>;
}
