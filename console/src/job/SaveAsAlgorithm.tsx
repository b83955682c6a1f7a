import { Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, data, inProject } from "../api/client.ts";
import type { Job } from "../jobs/types.ts";
import { Problem } from "../shared/Problem.tsx";

/** Makes an algorithm of what the job ran, under a name of its own. */
export function SaveAsAlgorithm({ job, open, onClose }: { job: Job; open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState(job.metadata.name);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  async function save() {
    setBusy(true);
    setError(null);
    try {
      const made = await data(
        api.POST("/v2/{project_id}/training-jobs/{training_job_id}/algorithm", {
          params: { path: inProject({ training_job_id: job.metadata.id }) },
          body: { metadata: { name: name.trim() } },
        }),
      );
      void navigate(`/algorithms/${made.metadata.id}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Modal
      title={t("job.saveAsAlgorithm")}
      open={open}
      onCancel={onClose}
      onOk={() => void save()}
      okText={t("common.save")}
      cancelText={t("common.cancel")}
      confirmLoading={isBusy}
      okButtonProps={{ disabled: name.trim() === "" }}
    >
      <Form layout="vertical">
        <Form.Item label={t("job.algorithmName")} htmlFor="algorithm-name" extra={t("job.algorithmNameHint")}>
          <Input id="algorithm-name" value={name} onChange={(event) => setName(event.target.value)} />
        </Form.Item>
      </Form>
      {error ? <Problem error={error} /> : null}
    </Modal>
  );
}
