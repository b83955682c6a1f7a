import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "./clipboard.ts";
import { shortId } from "./format.ts";
import styles from "./Id.module.css";
import { useNotice } from "./notice.tsx";

/** An id, short and monospaced; a click copies it whole. */
export function Id({ id, whole = false }: { id: string; whole?: boolean }) {
  const { t } = useTranslation();
  const { failed } = useNotice();
  const [copied, setCopied] = useState(false);
  const shown = whole ? id : shortId(id);
  async function copy() {
    try {
      await copyText(id);
    } catch (error) {
      failed(error);
      return;
    }
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1500);
  }
  return (
    <Tooltip title={copied ? t("common.copied") : whole ? t("common.copy") : id}>
      <button
        type="button"
        className={styles.id}
        onClick={() => void copy()}
        aria-label={t("common.copyId", { id: shown })}
      >
        {shown}
        {copied ? <CheckOutlined /> : <CopyOutlined />}
      </button>
    </Tooltip>
  );
}
