import {
  CloseOutlined,
  DownOutlined,
  PauseOutlined,
  RedoOutlined,
  RightOutlined,
  UpOutlined,
} from "@ant-design/icons";
import { Button, Progress } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useConfirm } from "../shared/confirm.tsx";
import { bytes, count, duration } from "../shared/format.ts";
import { useLanguage } from "../shared/language.ts";
import styles from "./UploadPanel.module.css";
import { UploadRow } from "./UploadRow.tsx";
import type { UploadState, UploadsShown } from "./uploadQueue.ts";
import { uploads } from "./uploads.ts";
import { Virtual } from "./Virtual.tsx";

const ROW_HEIGHT = 52;
const RANK: Record<UploadState, number> = {
  sending: 0,
  offline: 0,
  failed: 1,
  paused: 2,
  waiting: 3,
  done: 4,
};

/** The dock at the window's corner: all in one line, each below it. */
export function UploadPanel({ shown }: { shown: UploadsShown }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const confirm = useConfirm();
  const [isOpen, setOpen] = useState(true);
  const { count: by, total, sent, rate } = shown;
  const left = by.sending + by.waiting + by.offline;
  const isOver = left + by.paused === 0;
  const rows = [...shown.uploads].sort((a, b) => RANK[a.state] - RANK[b.state]);
  const headline = isOver
    ? t(by.failed ? "storage.uploadsFailed" : "storage.uploadsDone", {
        count: by.done,
        n: count(by.failed || by.done),
        total: count(rows.length),
      })
    : t(left ? (by.offline ? "storage.uploadsOffline" : "storage.uploadsRunning") : "storage.uploadsPaused", {
        n: count(by.done),
        total: count(rows.length),
      });
  const close = () => {
    if (isOver) uploads.clear();
    else
      confirm({
        title: t("storage.cancelUploads", { count: left + by.paused, n: count(left + by.paused) }),
        content: t("storage.cancelUploadsHint"),
        action: t("storage.cancelUploadsDo"),
        run: async () => {
          uploads.cancel();
          uploads.clear();
        },
      });
  };
  return (
    <section className={styles.dock} aria-label={t("storage.uploads")}>
      <header className={styles.head}>
        <div className={styles.words}>
          <strong aria-live="polite">{headline}</strong>
          <span className="quiet tabular">
            {t("storage.ofBytes", { sent: bytes(sent), total: bytes(total) })}
            {left && rate > 0
              ? ` · ${bytes(rate)}/s · ${t("storage.left", {
                  time: duration((total - sent) / rate, language),
                })}`
              : ""}
          </span>
        </div>
        {by.failed ? (
          <Button size="small" type="text" icon={<RedoOutlined />} onClick={() => uploads.retry()}>
            {t("common.retry")}
          </Button>
        ) : null}
        {left ? (
          <Button
            size="small"
            type="text"
            icon={<PauseOutlined />}
            aria-label={t("storage.pauseAll")}
            onClick={() => uploads.pause()}
          />
        ) : by.paused ? (
          <Button
            size="small"
            type="text"
            icon={<RightOutlined />}
            aria-label={t("storage.resumeAll")}
            onClick={() => uploads.resume()}
          />
        ) : null}
        <Button
          size="small"
          type="text"
          icon={isOpen ? <DownOutlined /> : <UpOutlined />}
          aria-label={t("storage.details")}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        <Button
          size="small"
          type="text"
          icon={<CloseOutlined />}
          aria-label={t(isOver ? "storage.close" : "storage.cancelUploadsDo")}
          onClick={close}
        />
      </header>
      <Progress
        className={styles.bar as string}
        percent={total ? (sent / total) * 100 : 100}
        showInfo={false}
        size={{ height: 3 }}
        strokeLinecap="butt"
        status={by.failed && isOver ? "exception" : isOver ? "success" : "normal"}
        aria-label={t("storage.uploads")}
      />
      {isOpen ? (
        <Virtual
          rows={rows}
          rowKey={(row) => String(row.id)}
          rowHeight={ROW_HEIGHT}
          className={styles.rows}
          label={t("storage.uploads")}
          render={(row) => <UploadRow upload={row} />}
        />
      ) : null}
    </section>
  );
}
