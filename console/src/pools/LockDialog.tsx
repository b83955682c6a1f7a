import { Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { FormDialog } from "../shared/FormDialog.tsx";
import { jobsOn } from "./amounts.ts";
import { useSetLocked } from "./locking.ts";
import type { PoolNode, Workload } from "./types.ts";

const REASON_MAX = 256;

interface LockDialogProps {
  pool: string;
  /** Null: closed. */
  nodes: readonly PoolNode[] | null;
  workloads: readonly Workload[];
  onClose: () => void;
  onDone: () => Promise<unknown>;
}

/** Asks why, says what it touches, and takes nodes out of use. */
export function LockDialog({ pool, nodes, workloads, onClose, onDone }: LockDialogProps) {
  const { t } = useTranslation();
  const set = useSetLocked(pool, onDone);
  const some = nodes ?? [];
  const jobs = new Set(some.flatMap((node) => jobsOn(node, workloads).map((job) => job.uid)));
  return (
    <FormDialog<{ reason?: string }>
      title={
        some.length === 1
          ? t("pools.lockOneTitle", { name: some[0]?.metadata.name })
          : t("pools.lockTitle", { count: some.length })
      }
      open={nodes !== null}
      onClose={onClose}
      initial={{ reason: "" }}
      onSubmit={({ reason }) => set(some, "batch-lock", reason?.trim())}
      action={t("pools.lock")}
    >
      <p className="quiet" style={{ marginBottom: 12 }}>
        {t("pools.lockHint")} {jobs.size > 0 ? t("pools.lockJobs", { count: jobs.size }) : null}
      </p>
      <Form.Item name="reason" label={t("pools.why")} extra={t("pools.whyHint")}>
        <Input.TextArea maxLength={REASON_MAX} autoSize={{ minRows: 2, maxRows: 4 }} />
      </Form.Item>
    </FormDialog>
  );
}
