import { MoreOutlined, PoweroffOutlined, RedoOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import { deletable, stoppable, useJobActions } from "../jobs/actions.tsx";
import { isWaiting, type Job } from "../jobs/types.ts";
import { usePriority } from "../jobs/usePriority.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { SaveAsAlgorithm } from "./SaveAsAlgorithm.tsx";

/** Stop, rebuild, and behind a button what is done seldom. */
export function JobActions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const actions = useJobActions(() => void 0);
  const gone = useJobActions(() => void navigate("/jobs"));
  const [saves, setSaves] = useState(false);
  const { askPriority, dialog } = usePriority(job);
  const id = job.metadata.id;
  const items = [
    ...(may("modelarts:algorithm:create") ? [{ key: "save", label: t("job.saveAsAlgorithm") }] : []),
    ...(actions.mayUpdate && isWaiting(job) ? [{ key: "priority", label: t("jobs.priority.change") }] : []),
    { key: "compare", label: t("job.compareWith") },
    ...(actions.mayDelete
      ? [{ key: "delete", label: t("jobs.delete"), danger: true, disabled: deletable([job]).length === 0 }]
      : []),
  ];
  return (
    <>
      {actions.mayStop && stoppable([job]).length > 0 ? (
        <Button icon={<PoweroffOutlined />} onClick={() => actions.stop([job])}>
          {t("jobs.stop")}
        </Button>
      ) : null}
      {may("modelarts:trainJob:create") ? (
        <ButtonLink to={`/jobs/new?from=${id}`} icon={<RedoOutlined />}>
          {t("jobs.rebuild")}
        </ButtonLink>
      ) : null}
      <Dropdown
        trigger={["click"]}
        menu={{
          items,
          onClick: ({ key }) => {
            if (key === "save") setSaves(true);
            else if (key === "priority") askPriority();
            else if (key === "compare") void navigate(`/jobs/compare?ids=${id}`);
            else gone.remove([job]);
          },
        }}
      >
        <Button icon={<MoreOutlined />} aria-label={t("jobs.actionsOf", { name: job.metadata.name })} />
      </Dropdown>
      {dialog}
      <SaveAsAlgorithm job={job} open={saves} onClose={() => setSaves(false)} />
    </>
  );
}
