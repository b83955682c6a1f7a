import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "./clipboard.ts";
import { useNotice } from "./notice.tsx";

/** Copies `text`, and says so. */
export function CopyButton({ text }: { text: string }) {
  const { t } = useTranslation();
  const { failed } = useNotice();
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await copyText(text);
    } catch (error) {
      failed(error);
      return;
    }
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1500);
  }
  return (
    <Button size="small" icon={copied ? <CheckOutlined /> : <CopyOutlined />} onClick={() => void copy()}>
      {copied ? t("common.copied") : t("common.copy")}
    </Button>
  );
}
