import { useTranslation } from "react-i18next";
import type { Job } from "../../jobs/types.ts";
import { type Column, DataList } from "../../shared/DataList.tsx";
import { Nothing } from "../../shared/Nothing.tsx";
import { Duration, Exact } from "../../shared/Times.tsx";

type Record = NonNullable<NonNullable<Job["status"]>["running_records"]>[number];

const SECOND_MS = 1000; // running records count in seconds (contract §6.2)

/** The attempts of the job, the first one first: when, how they ended, and why. */
export function Attempts({ job }: { job: Job }) {
  const { t } = useTranslation();
  const records = job.status?.running_records ?? [];
  const columns: Column<Record>[] = [
    { key: "attempt", title: t("jobs.col.attempts"), fixed: true, render: (record) => record.attempt },
    {
      key: "start",
      title: t("job.task.started"),
      render: (record) => <Exact at={(record.start_at ?? 0) * SECOND_MS} />,
    },
    {
      key: "duration",
      title: t("jobs.col.duration"),
      align: "right",
      render: (record) =>
        record.end_at ? (
          <Duration ms={(record.end_at - (record.start_at ?? 0)) * SECOND_MS} />
        ) : (
          <Duration since={record.start_at ? record.start_at * SECOND_MS : undefined} />
        ),
    },
    {
      key: "reason",
      title: t("job.task.reason"),
      render: (record) => record.end_reason_message || record.end_reason || "",
    },
    { key: "task", title: t("job.relatedTask"), render: (record) => record.end_related_task || "" },
  ];
  return (
    <DataList<Record>
      columns={columns}
      rowKey={(record) => String(record.attempt)}
      query={{ data: { items: records, total: records.length }, error: null }}
      empty={<Nothing title={t("job.noAttempts")} />}
    />
  );
}
