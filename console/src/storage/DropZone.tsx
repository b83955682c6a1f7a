import { InboxOutlined } from "@ant-design/icons";
import { type DragEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNotice } from "../shared/notice.tsx";
import { droppedFiles } from "./chosen.ts";
import styles from "./DropZone.module.css";
import { useUpload } from "./useUpload.tsx";

/** Files and folders dropped here go into the folder `prefix`. */
export function DropZone({
  bucket,
  prefix,
  disabled,
  children,
}: {
  bucket: string;
  prefix: string;
  disabled: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const { failed } = useNotice();
  const upload = useUpload(bucket, prefix);
  const [depth, setDepth] = useState(0); // enters less leaves: children tell of theirs, too
  const isMine = (event: DragEvent) => !disabled && event.dataTransfer.types.includes("Files");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the upload button does the same for those without a pointer
    <div
      className={styles.zone}
      onDragEnter={(event) => isMine(event) && setDepth((before) => before + 1)}
      onDragLeave={(event) => isMine(event) && setDepth((before) => Math.max(0, before - 1))}
      onDragOver={(event) => {
        if (!isMine(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDrop={(event) => {
        if (!isMine(event)) return;
        event.preventDefault();
        setDepth(0);
        droppedFiles(event.dataTransfer).then(upload).catch(failed);
      }}
    >
      {children}
      {depth > 0 ? (
        <div className={styles.cover}>
          <InboxOutlined className={styles.icon} />
          {t("storage.dropHere", { folder: `${bucket}/${prefix}` })}
        </div>
      ) : null}
    </div>
  );
}
