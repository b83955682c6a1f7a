import { FileTextOutlined, MoreOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { RowAction } from "../shared/RowAction.tsx";
import { deletable, stoppable, useJobActions } from "./actions.tsx";
import { idOf, isWaiting, type Job } from "./types.ts";
import { usePriority } from "./usePriority.tsx";

/** At the end of a job's row: its logs at once, the rest behind a button. */
export function JobRowActions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const actions = useJobActions();
  const { askPriority, dialog } = usePriority(job);
  const id = idOf(job);
  const items = [
    ...(actions.mayCreate ? [{ key: "rebuild", label: t("jobs.rebuild") }] : []),
    ...(actions.mayUpdate && isWaiting(job) ? [{ key: "priority", label: t("jobs.priority.change") }] : []),
    ...(actions.mayStop && stoppable([job]).length ? [{ key: "stop", label: t("jobs.stop") }] : []),
    ...(actions.mayDelete && deletable([job]).length
      ? [{ key: "delete", label: t("jobs.delete"), danger: true }]
      : []),
  ];
  return (
    <>
      <RowAction
        icon={<FileTextOutlined />}
        title={t("jobs.logs")}
        label={t("jobs.logsOf", { name: job.metadata.name })}
        to={`/jobs/${id}/logs`}
      />
      {items.length > 0 ? (
        <Dropdown
          trigger={["click"]}
          menu={{
            items,
            onClick: ({ key }) => {
              if (key === "rebuild") void navigate(`/jobs/new?from=${id}`);
              else if (key === "priority") askPriority();
              else if (key === "stop") actions.stop([job]);
              else actions.remove([job]);
            },
          }}
        >
          <Button
            type="text"
            size="small"
            icon={<MoreOutlined />}
            aria-label={t("jobs.actionsOf", { name: job.metadata.name })}
          />
        </Dropdown>
      ) : null}
      {dialog}
    </>
  );
}
