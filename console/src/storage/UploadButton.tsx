import { DownOutlined, UploadOutlined } from "@ant-design/icons";
import { Button, Dropdown, Space } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { fieldFiles } from "./chosen.ts";
import { useUpload } from "./useUpload.tsx";

/** Chooses files, or a whole folder, and uploads them into the folder `prefix`. */
export function UploadButton({
  bucket,
  prefix,
  primary = false,
}: {
  bucket: string;
  prefix: string;
  primary?: boolean;
}) {
  const { t } = useTranslation();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const upload = useUpload(bucket, prefix);
  const type = primary ? "primary" : "default";
  useEffect(() => {
    if (folder.current) folder.current.webkitdirectory = true; // React knows no such attribute
  }, []);
  function chosen(field: HTMLInputElement) {
    const some = fieldFiles(field.files ?? []);
    field.value = ""; // so that the same file can be chosen again
    void upload(some);
  }
  return (
    <>
      <Space.Compact>
        <Button type={type} icon={<UploadOutlined />} onClick={() => files.current?.click()}>
          {t("storage.upload")}
        </Button>
        <Dropdown
          trigger={["click"]}
          placement="bottomRight"
          menu={{
            items: [
              { key: "files", label: t("storage.uploadFiles") },
              { key: "folder", label: t("storage.uploadFolder") },
            ],
            onClick: ({ key }) => (key === "files" ? files : folder).current?.click(),
          }}
        >
          <Button type={type} icon={<DownOutlined />} aria-label={t("storage.uploadWhat")} />
        </Dropdown>
      </Space.Compact>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label={t("storage.uploadFiles")}
        onChange={(event) => chosen(event.target)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label={t("storage.uploadFolder")}
        onChange={(event) => chosen(event.target)}
      />
    </>
  );
}
