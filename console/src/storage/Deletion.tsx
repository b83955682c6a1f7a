import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Modal, Progress, Spin } from "antd";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { project } from "../api/client.ts";
import { bytes, count } from "../shared/format.ts";
import { useNotice } from "../shared/notice.tsx";
import { Problem } from "../shared/Problem.tsx";
import { FolderUse } from "./FolderUse.tsx";
import { amountOf, removeAll } from "./many.ts";
import { changed, type Entry } from "./queries.ts";

interface DeletionProps {
  bucket: string;
  entries: readonly Entry[];
  /** Closed; `isGone` when all was deleted. */
  onClose: (isGone: boolean) => void;
}

/** Says how much will be gone, and deletes it; can be stopped on the way. */
export function Deletion({ bucket, entries, onClose }: DeletionProps): ReactNode {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [gone, setGone] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController>(null);
  const amount = useQuery({
    queryKey: [project(), "amount", bucket, entries.map((entry) => entry.key)],
    queryFn: ({ signal }) => amountOf(bucket, entries, signal),
    staleTime: 0,
    gcTime: 0,
  });
  const isRunning = gone !== null;
  const first = entries[0];
  const title =
    entries.length === 1 && first
      ? t(first.isFolder ? "storage.deleteFolder" : "storage.deleteFile", { name: first.name })
      : t("storage.deleteMany", { count: entries.length, n: count(entries.length) });
  async function run() {
    stop.current = new AbortController();
    setError(null);
    setGone(0);
    try {
      await removeAll(bucket, entries, setGone, stop.current.signal);
      done(t("storage.deleted"));
      onClose(true);
    } catch (failure) {
      if (stop.current.signal.aborted) onClose(false);
      else {
        setError(failure);
        void amount.refetch();
      }
    } finally {
      setGone(null);
      changed(queries, bucket);
    }
  }
  return (
    <Modal
      open
      title={title}
      width={520}
      okText={t("storage.delete")}
      okButtonProps={{ danger: true, disabled: isRunning, loading: isRunning }}
      cancelText={t(isRunning ? "storage.stop" : "common.cancel")}
      mask={{ closable: false }}
      onOk={() => void run()}
      onCancel={() => (isRunning ? stop.current?.abort() : onClose(false))}
    >
      {isRunning ? (
        <Progress
          percent={amount.data?.objects ? Math.min(100, (gone / amount.data.objects) * 100) : 0}
          format={() => count(gone)}
          aria-label={title}
        />
      ) : (
        <>
          {amount.data ? (
            <p>
              {t(amount.data.isMore ? "storage.deletesMore" : "storage.deletes", {
                count: amount.data.objects,
                n: count(amount.data.objects),
                bytes: bytes(amount.data.bytes),
              })}
            </p>
          ) : amount.error ? null : (
            <p>
              <Spin size="small" /> {t("storage.counting")}
            </p>
          )}
          <p className="quiet">{t("storage.noWayBack")}</p>
        </>
      )}
      <FolderUse bucket={bucket} keys={entries.map((entry) => entry.key)} what="gone" />
      {error ? <Problem error={error} /> : null}
      {amount.error ? <Problem error={amount.error} onRetry={() => void amount.refetch()} /> : null}
    </Modal>
  );
}
