// biome-ignore-all lint/a11y/useSemanticElements: rows that are drawn only when in sight cannot be those of a table element
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headings of a table that is read, not of a grid
import {
  CopyOutlined,
  DatabaseOutlined,
  DeleteOutlined,
  DownloadOutlined,
  EditOutlined,
  EllipsisOutlined,
  ExportOutlined,
  FileOutlined,
  FolderFilled,
  LinkOutlined,
} from "@ant-design/icons";
import { Button, Checkbox, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { objectAddress } from "../api/objects.ts";
import { useSession } from "../api/session.tsx";
import { Dash } from "../shared/Dash.tsx";
import { bytes } from "../shared/format.ts";
import { objectsPath } from "../shared/obsPath.ts";
import { RowAction } from "../shared/RowAction.tsx";
import { Ago } from "../shared/Times.tsx";
import styles from "./ObjectTable.module.css";
import type { EntryAction, TableProps } from "./ObjectTable.tsx";
import type { Entry } from "./queries.ts";

export function Row({
  entry,
  narrow,
  bucket,
  chosen,
  onChosen,
  onAct,
}: TableProps & { entry: Entry; narrow: boolean }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { key, name, isFolder } = entry;
  const isChosen = chosen.has(key);
  function choose() {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    onChosen(next);
  }
  return (
    <div className={styles.row} data-chosen={isChosen || undefined}>
      <span role="cell">
        <Checkbox aria-label={t("storage.chooseOne", { name })} checked={isChosen} onChange={choose} />
      </span>
      <span role="cell" className={styles.name}>
        {isFolder ? (
          <FolderFilled className={styles.folder} aria-label={t("storage.folder")} />
        ) : (
          <FileOutlined className={styles.file} aria-label={t("storage.file")} />
        )}
        <span className={styles.words}>
          <Link to={objectsPath(bucket, key)} data-hotkey="row" title={name}>
            {name}
          </Link>
          {narrow && !isFolder ? (
            <span className={styles.below}>
              {bytes(entry.size)} · <Ago at={entry.modifiedAt} />
            </span>
          ) : null}
        </span>
      </span>
      <span role="cell" className={styles.size}>
        {isFolder ? <Dash /> : bytes(entry.size)}
      </span>
      <span role="cell" className={styles.time}>
        <Ago at={entry.modifiedAt} />
      </span>
      <span role="cell" className={styles.actions}>
        {isFolder || narrow ? null : (
          <RowAction
            icon={<DownloadOutlined />}
            title={t("storage.download")}
            href={objectAddress(bucket, key)}
            download={name}
            label={t("storage.downloadOne", { name })}
          />
        )}
        <Dropdown
          trigger={["click"]}
          placement="bottomRight"
          menu={{
            items: [
              ...(isFolder || !narrow
                ? []
                : [
                    {
                      key: "download",
                      icon: <DownloadOutlined />,
                      label: (
                        <a href={objectAddress(bucket, key)} download={name}>
                          {t("storage.download")}
                        </a>
                      ),
                    },
                  ]),
              { key: "path", icon: <LinkOutlined />, label: t("storage.copyPath") },
              ...(isFolder && may("modelarts:dataset:create")
                ? [{ key: "dataset", icon: <DatabaseOutlined />, label: t("storage.makeDataset") }]
                : []),
              ...(may("obs:object:put")
                ? [
                    { type: "divider" as const },
                    ...(may("obs:object:delete")
                      ? [{ key: "rename", icon: <EditOutlined />, label: t("storage.rename") }]
                      : []),
                    { key: "copy", icon: <CopyOutlined />, label: t("storage.copyTo") },
                    ...(may("obs:object:delete")
                      ? [{ key: "move", icon: <ExportOutlined />, label: t("storage.moveTo") }]
                      : []),
                  ]
                : []),
              ...(may("obs:object:delete")
                ? [{ key: "delete", icon: <DeleteOutlined />, danger: true, label: t("storage.delete") }]
                : []),
            ],
            onClick: ({ key: action }) => {
              if (action !== "download") onAct(action as EntryAction, entry);
            },
          }}
        >
          <Button
            type="text"
            size="small"
            icon={<EllipsisOutlined />}
            aria-label={t("storage.moreOf", { name })}
          />
        </Dropdown>
      </span>
    </div>
  );
}
