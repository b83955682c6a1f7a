import { SnippetsOutlined } from "@ant-design/icons";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";

/** Takes many values at once from pasted text, and says beforehand how many it has found. */
export function PasteButton<T>({
  label,
  hint,
  placeholder,
  read,
  onRead,
}: {
  label: string;
  hint: string;
  placeholder: string;
  read: (text: string) => readonly T[];
  onRead: (found: readonly T[]) => void;
}) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState("");
  const found = isOpen ? read(text) : [];
  const close = () => {
    setOpen(false);
    setText("");
  };
  return (
    <>
      <Button size="small" type="text" icon={<SnippetsOutlined />} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal
        open={isOpen}
        title={label}
        okText={t("create.parameters.take", { count: found.length })}
        cancelText={t("common.cancel")}
        okButtonProps={{ disabled: found.length === 0 }}
        onCancel={close}
        onOk={() => {
          onRead(found);
          close();
        }}
      >
        <p className={styles.hint}>{hint}</p>
        <Input.TextArea
          autoFocus
          className={`mono ${styles.grows}`}
          aria-label={label}
          spellCheck={false}
          rows={5}
          value={text}
          placeholder={placeholder}
          onChange={(event) => setText(event.target.value)}
        />
      </Modal>
    </>
  );
}
