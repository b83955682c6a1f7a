import { EditOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { jobKeys } from "../jobs/queries.ts";
import type { Job } from "../jobs/types.ts";
import { Id } from "../shared/Id.tsx";
import { Problem } from "../shared/Problem.tsx";

const DESCRIPTION_MAX = 256;

/** The job's id, and the pencil that changes its description. */
export function JobName({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const id = job.metadata.id;

  async function save() {
    setBusy(true);
    setError(null);
    try {
      await api.PUT("/v2/{project_id}/training-jobs/{training_job_id}", {
        params: { path: inProject({ training_job_id: id }) },
        body: { description: text },
      });
      await queries.invalidateQueries({ queryKey: jobKeys.all() });
      setOpen(false);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Id id={id} />
      {may("modelarts:trainJob:update") ? (
        <Button
          type="text"
          size="small"
          icon={<EditOutlined />}
          aria-label={t("job.editDescription")}
          onClick={() => {
            setText(job.metadata.description ?? "");
            setError(null);
            setOpen(true);
          }}
        />
      ) : null}
      <Modal
        title={t("job.editDescription")}
        open={isOpen}
        onCancel={() => setOpen(false)}
        onOk={() => void save()}
        okText={t("common.save")}
        cancelText={t("common.cancel")}
        confirmLoading={isBusy}
      >
        <Form layout="vertical">
          <Form.Item label={t("jobs.col.description")} htmlFor="job-description">
            <Input.TextArea
              id="job-description"
              rows={4}
              maxLength={DESCRIPTION_MAX}
              showCount
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </Form.Item>
        </Form>
        {error ? <Problem error={error} /> : null}
      </Modal>
    </>
  );
}
