import { useQueryClient } from "@tanstack/react-query";
import { Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, inProject, project } from "../api/client.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { useNotice } from "../shared/notice.tsx";
import { eachOf } from "./actions.tsx";
import { jobKeys } from "./queries.ts";
import { idOf, type Job } from "./types.ts";

const LENGTH_MAX = 128;

interface TagDialogProps {
  jobs: readonly Job[];
  open: boolean;
  onClose: () => void;
}

/** One tag for several jobs. */
export function TagDialog({ jobs, open, onClose }: TagDialogProps) {
  const { t } = useTranslation();
  const notice = useNotice();
  const queries = useQueryClient();

  async function save({ tag, value }: { tag: string; value: string }) {
    try {
      await eachOf(jobs, (job) =>
        api.POST("/v2/{project_id}/modelarts-training-job/{training_job_id}/tags/create", {
          params: { path: inProject({ training_job_id: idOf(job) }) },
          body: { tags: [{ key: tag.trim(), value: value.trim() }] },
        }),
      );
    } finally {
      await queries.invalidateQueries({ queryKey: jobKeys.all() });
      await queries.invalidateQueries({ queryKey: [project(), "job-tags"] });
    }
    notice.done(t("jobs.tag.done", { count: jobs.length }));
  }

  return (
    <FormDialog<{ tag: string; value: string }>
      title={t("jobs.tag.title", { count: jobs.length })}
      open={open}
      onClose={onClose}
      initial={{ tag: "", value: "" }}
      onSubmit={save}
      action={t("jobs.tag.add")}
      width={420}
    >
      <Form.Item
        name="tag"
        label={t("jobs.tag.key")}
        rules={[{ required: true, whitespace: true, message: t("jobs.tag.keyNeeded") }]}
      >
        <Input maxLength={LENGTH_MAX} autoComplete="off" />
      </Form.Item>
      <Form.Item name="value" label={t("jobs.tag.value")} extra={t("jobs.tag.hint")}>
        <Input maxLength={LENGTH_MAX} autoComplete="off" />
      </Form.Item>
    </FormDialog>
  );
}
