import {
  CheckCircleFilled,
  CloseOutlined,
  ExclamationCircleFilled,
  PauseOutlined,
  RedoOutlined,
  RightOutlined,
} from "@ant-design/icons";
import { Button, Progress, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { bytes } from "../shared/format.ts";
import { folderOf, nameOf, objectsPath, obsUri } from "../shared/obsPath.ts";
import { useProblemText } from "../shared/Problem.tsx";
import { FileGone } from "./transfer.ts";
import styles from "./UploadPanel.module.css";
import type { Upload } from "./uploadQueue.ts";
import { uploads } from "./uploads.ts";

export function UploadRow({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const folder = folderOf(upload.key);
  const name = nameOf(upload.key);
  const { state, file, sent } = upload;
  const isMoving = state === "sending" || state === "offline" || state === "waiting";
  return (
    <div className={styles.row}>
      <div className={styles.what}>
        <Tooltip title={obsUri(upload.bucket, upload.key)}>
          <Link to={objectsPath(upload.bucket, folder)} className={styles.name}>
            {name}
          </Link>
        </Tooltip>
        <span className={`${styles.state} quiet tabular`}>
          {state === "failed" ? (
            <Why error={upload.error} />
          ) : state === "done" ? (
            bytes(file.size)
          ) : state === "sending" ? (
            t("storage.ofBytes", { sent: bytes(sent), total: bytes(file.size) })
          ) : (
            `${t(`storage.state.${state}`)} · ${bytes(file.size)}`
          )}
        </span>
        {state === "done" || state === "failed" ? null : (
          <Progress
            percent={file.size ? (sent / file.size) * 100 : 0}
            showInfo={false}
            size={{ height: 2 }}
            aria-label={name}
          />
        )}
      </div>
      {state === "done" ? (
        <CheckCircleFilled className={styles.good} role="img" aria-label={t("storage.state.done")} />
      ) : (
        <>
          {isMoving ? (
            <Button
              size="small"
              type="text"
              icon={<PauseOutlined />}
              aria-label={t("storage.pauseOne", { name })}
              onClick={() => uploads.pause(upload.id)}
            />
          ) : state === "paused" ? (
            <Button
              size="small"
              type="text"
              icon={<RightOutlined />}
              aria-label={t("storage.resumeOne", { name })}
              onClick={() => uploads.resume(upload.id)}
            />
          ) : (
            <Button
              size="small"
              type="text"
              icon={<RedoOutlined />}
              aria-label={t("storage.retryOne", { name })}
              onClick={() => uploads.retry(upload.id)}
            />
          )}
          <Button
            size="small"
            type="text"
            icon={<CloseOutlined />}
            aria-label={t("storage.cancelOne", { name })}
            onClick={() => uploads.cancel(upload.id)}
          />
        </>
      )}
    </div>
  );
}

function Why({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const said = useProblemText(error);
  const text = error instanceof FileGone ? t("storage.fileGone") : `${said.message} ${said.remedy}`;
  return (
    <Tooltip title={text}>
      <span className="wrong">
        <ExclamationCircleFilled /> {text}
      </span>
    </Tooltip>
  );
}
