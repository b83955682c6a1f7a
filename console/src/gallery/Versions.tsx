import { Button, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { Ago } from "../shared/Times.tsx";
import styles from "./gallery.module.css";
import type { Version } from "./queries.ts";

/** The versions of an item, newest first; one of them is shown below. */
export function Versions({
  versions,
  shown,
  subscribed,
  onShow,
}: {
  versions: readonly Version[];
  shown: string;
  subscribed: string;
  onShow: (version: string) => void;
}) {
  const { t } = useTranslation();
  const columns: Column<Version>[] = [
    {
      key: "version",
      title: t("gallery.version"),
      fixed: true,
      width: 260,
      render: (one) => (
        <span className={styles.version}>
          <strong className="tabular">{one.version_num}</strong>
          {one.id === versions[0]?.id ? <Tag>{t("gallery.newest")}</Tag> : null}
          {one.id === subscribed ? <Tag>{t("gallery.isSubscribed")}</Tag> : null}
        </span>
      ),
    },
    {
      key: "description",
      title: t("gallery.whatIsNew"),
      render: (one) => <span className={styles.wide}>{one.description || <Dash />}</span>,
    },
    {
      key: "published",
      title: t("gallery.publishedAt"),
      width: 140,
      align: "right",
      render: (one) => <Ago at={one.create_time} />,
    },
  ];
  return (
    <DataList
      columns={columns}
      rowKey={(one) => one.id}
      query={{ data: { items: versions, total: versions.length }, error: null }}
      empty={<Nothing title={t("gallery.noVersions")} />}
      {...(versions.length > 1
        ? {
            rowActions: (one: Version) => (
              <Button
                size="small"
                type={one.id === shown ? "default" : "text"}
                aria-pressed={one.id === shown}
                aria-label={t(one.id === shown ? "gallery.isShownVersion" : "gallery.showVersion", {
                  version: one.version_num,
                })}
                onClick={() => onShow(one.id)}
              >
                {t(one.id === shown ? "gallery.isShown" : "gallery.show")}
              </Button>
            ),
          }
        : {})}
    />
  );
}
