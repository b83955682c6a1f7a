import { FolderOpenOutlined } from "@ant-design/icons";
import { Button, Input, Modal } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PickerBody } from "../storage/PickerBody.tsx";
import { folderShown } from "../storage/queries.ts";
import styles from "./ObjectPicker.module.css";
import { obsUri, parseObs } from "./obsPath.ts";

interface PickerProps {
  open: boolean;
  /** What can be chosen. */
  mode: "file" | "folder";
  title?: string | undefined;
  /** Where to begin: any path of the object store. */
  initial?: string | undefined;
  /** Only files that end in one of these can be chosen, such as `.py`. */
  suffixes?: readonly string[] | undefined;
  /** `path` is `obs://bucket/key`; folders end in `/`. */
  onPick: (path: string) => void;
  onCancel: () => void;
}

/** Where in the store the picker is; no bucket: the list of them. */
interface Place {
  bucket: string;
  prefix: string;
}

function placeOf(initial: string | undefined): Place {
  const path = parseObs(initial ?? "");
  return path ? { bucket: path.bucket, prefix: folderShown(path.key) } : { bucket: "", prefix: "" };
}

/** Chooses a file or a folder of the object store: browse, search, make folders, upload. */
export function ObjectPicker({ open, mode, title, initial, suffixes, onPick, onCancel }: PickerProps) {
  const { t } = useTranslation();
  const [place, setPlace] = useState<Place>(() => placeOf(initial));
  const [file, setFile] = useState("");
  useEffect(() => {
    if (!open) return;
    setPlace(placeOf(initial));
    const path = parseObs(initial ?? "");
    setFile(mode === "file" && path && path.key !== folderShown(path.key) ? path.key : "");
  }, [open, initial, mode]);
  const key = mode === "file" ? file : place.prefix;
  const isChosen = place.bucket !== "" && (mode === "folder" || file !== "");
  const pick = (chosen: string) => onPick(obsUri(place.bucket, chosen));
  return (
    <Modal
      open={open}
      title={title ?? t(mode === "file" ? "storage.pickFile" : "storage.pickFolder")}
      width={760}
      onCancel={onCancel}
      destroyOnHidden
      footer={
        <div className={styles.foot}>
          <span className={`${styles.chosen} mono`} aria-live="polite">
            {isChosen ? obsUri(place.bucket, key) : ""}
          </span>
          <Button onClick={onCancel}>{t("common.cancel")}</Button>
          <Button type="primary" disabled={!isChosen} onClick={() => pick(key)}>
            {t(mode === "file" ? "storage.useFile" : "storage.useFolder")}
          </Button>
        </div>
      }
    >
      <PickerBody
        bucket={place.bucket}
        prefix={place.prefix}
        mode={mode}
        file={file}
        suffixes={suffixes}
        onGo={(bucket, prefix) => {
          setPlace({ bucket, prefix });
          setFile("");
        }}
        onFile={setFile}
        onPick={pick}
      />
    </Modal>
  );
}

interface PathInputProps {
  value?: string;
  onChange?: (value: string) => void;
  mode: "file" | "folder";
  placeholder?: string;
  suffixes?: readonly string[];
  /** Title of the picker. */
  title?: string;
  /** Where the picker begins while there is no value. */
  initial?: string;
  disabled?: boolean;
  id?: string;
  status?: "error" | "warning";
  "aria-label"?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: "true" | "false" | boolean;
}

/** A path of the object store, typed or browsed for; a child of antd's `Form.Item`. */
export function PathInput({
  value = "",
  onChange,
  mode,
  placeholder,
  suffixes,
  title,
  initial,
  disabled = false,
  status,
  ...rest
}: PathInputProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={styles.input}>
      <Input
        {...rest}
        className="mono"
        value={value}
        disabled={disabled}
        {...(status ? { status } : {})}
        placeholder={placeholder ?? (mode === "file" ? "obs://bucket/folder/file" : "obs://bucket/folder/")}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange?.(event.target.value)}
      />
      <Button icon={<FolderOpenOutlined />} disabled={disabled} onClick={() => setOpen(true)}>
        {t("storage.browse")}
      </Button>
      <ObjectPicker
        open={isOpen}
        mode={mode}
        title={title}
        initial={value || initial}
        suffixes={suffixes}
        onCancel={() => setOpen(false)}
        onPick={(path) => {
          setOpen(false);
          onChange?.(path);
        }}
      />
    </div>
  );
}
