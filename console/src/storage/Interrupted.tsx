import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Progress } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, inProject, project } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { bytes } from "../shared/format.ts";
import { useNotice } from "../shared/notice.tsx";
import styles from "./Interrupted.module.css";
import { forgetUpload, isSameFile, type KeptUpload, keptUploads, SILENT_AFTER_MS } from "./keptUploads.ts";
import { dropUpload, uploads, useUploads } from "./uploads.ts";

interface Unfinished extends KeptUpload {
  /** Bytes that the server has. */
  stored: number;
}

/** Uploads into `bucket` that a closed page or browser has left; those the server has dropped are forgotten. */
const unfinishedQuery = (bucket: string) => ({
  queryKey: [project(), "unfinished", bucket],
  queryFn: async (): Promise<Unfinished[]> => {
    const silent = keptUploads().filter(
      (one) => one.bucket === bucket && Date.now() - one.at > SILENT_AFTER_MS,
    );
    const found = await Promise.all(silent.map(unfinished));
    return found.flatMap((one) => one ?? []);
  },
});

async function unfinished(upload: KeptUpload): Promise<Unfinished | null> {
  try {
    const { parts } = await data(
      api.GET("/v1/{project_id}/buckets/{bucket}/uploads/{upload_id}", {
        params: { path: inProject({ bucket: upload.bucket, upload_id: upload.uploadId }) },
      }),
    );
    return { ...upload, stored: Math.min(upload.size, parts.length * upload.partSize) };
  } catch (error) {
    if (!isApiError(error) || error.status !== 404) throw error;
    forgetUpload(upload.uploadId);
    return null;
  }
}

/** Offers to go on with uploads that were cut off: the browser must be given the file again. */
export function Interrupted({ bucket }: { bucket: string }) {
  const { t } = useTranslation();
  const query = useQuery(unfinishedQuery(bucket));
  const { uploads: running } = useUploads();
  const left = (query.data ?? []).filter(
    (one) => !running.some((item) => item.bucket === bucket && item.key === one.key),
  );
  if (left.length === 0) return null;
  return (
    <Alert
      type="info"
      showIcon
      title={t("storage.interrupted")}
      description={
        <ul className={styles.list}>
          {left.map((one) => (
            <Row key={one.uploadId} upload={one} onChange={() => void query.refetch()} />
          ))}
        </ul>
      }
    />
  );
}

function Row({ upload, onChange }: { upload: Unfinished; onChange: () => void }) {
  const { t } = useTranslation();
  const { failed } = useNotice();
  const field = useRef<HTMLInputElement>(null);
  const [isOther, setOther] = useState(false);
  async function discard() {
    try {
      await dropUpload(upload.bucket, upload.uploadId);
      forgetUpload(upload.uploadId);
      onChange();
    } catch (error) {
      failed(error);
    }
  }
  return (
    <li className={styles.row}>
      <span className={styles.name}>{upload.key}</span>
      <Progress
        className={styles.progress as string}
        percent={Math.floor((upload.stored / upload.size) * 100)}
        size="small"
        aria-label={upload.key}
      />
      <span className="quiet tabular">{bytes(upload.size)}</span>
      <Button size="small" onClick={() => field.current?.click()}>
        {t("storage.chooseAgain")}
      </Button>
      <Button size="small" type="text" onClick={() => void discard()}>
        {t("storage.discard")}
      </Button>
      {isOther ? (
        <span role="alert" className="wrong">
          {t("storage.otherFile")}
        </span>
      ) : null}
      <input
        ref={field}
        type="file"
        hidden
        aria-label={t("storage.chooseAgain")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (!file) return;
          setOther(!isSameFile(upload, file));
          if (isSameFile(upload, file))
            uploads.add(upload.bucket, [{ key: upload.key, file, isNew: upload.isNew === true }]);
        }}
      />
    </li>
  );
}
