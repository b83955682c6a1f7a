import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Form, Radio } from "antd";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { useNotice } from "../shared/notice.tsx";
import { useQueuePlace } from "./QueuePlace.tsx";
import { jobKeys, jobQuery } from "./queries.ts";
import { idOf, type Job, priorityOf } from "./types.ts";

const PRIORITIES = [1, 2, 3] as const;
const HIGHEST = 3;
const LOOK_AGAIN_MS = 2000;

interface PriorityDialogProps {
  job: Job;
  open: boolean;
  onClose: () => void;
}

/** Which priority a waiting job has; where it stands in the queue is shown, and follows what was saved. */
export function PriorityDialog({ job, open, onClose }: PriorityDialogProps) {
  const { t } = useTranslation();
  const { may } = useSession();
  const notice = useNotice();
  const queries = useQueryClient();
  const now = useQuery({ ...jobQuery(idOf(job)), enabled: open, refetchInterval: LOOK_AGAIN_MS });
  const pending = now.data?.status?.pending ?? job.status?.pending;
  const { place, start } = useQueuePlace(pending);
  const mayHighest = may("modelarts:trainJob:setHighPriority");

  async function save({ priority }: { priority: number }) {
    await api.PUT("/v2/{project_id}/training-jobs/{training_job_id}", {
      params: { path: inProject({ training_job_id: idOf(job) }) },
      body: { spec: { schedule_policy: { priority } } },
    });
    notice.done(t("jobs.priority.done", { name: job.metadata.name, priority }));
    await queries.invalidateQueries({ queryKey: jobKeys.all() });
  }

  return (
    <FormDialog<{ priority: number }>
      title={t("jobs.priority.title", { name: job.metadata.name })}
      open={open}
      onClose={onClose}
      initial={{ priority: priorityOf(job) }}
      onSubmit={save}
      width={420}
    >
      <Form.Item
        name="priority"
        label={t("jobs.col.priority")}
        extra={`${t("jobs.priority.hint")} ${mayHighest ? "" : t("jobs.priority.no3")}`}
      >
        <Radio.Group
          optionType="button"
          options={PRIORITIES.map((value) => ({
            value,
            label: value,
            disabled: value === HIGHEST && !mayHighest,
          }))}
        />
      </Form.Item>
      <p className="quiet tabular" role="status">
        {[place, start].filter(Boolean).join(" · ") || t("jobs.queue.unknown")}
      </p>
    </FormDialog>
  );
}
