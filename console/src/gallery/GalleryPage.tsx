import { PlusOutlined } from "@ant-design/icons";
import { Button, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { Page } from "../shared/Page.tsx";
import { useUrlState } from "../shared/url.ts";
import styles from "./gallery.module.css";
import { Items } from "./Items.tsx";
import { PublishDialog } from "./PublishDialog.tsx";
import { MAY } from "./queries.ts";
import { Subscriptions } from "./Subscriptions.tsx";

const TABS = ["all", "own", "subscriptions"] as const;

/** Published algorithms: everyone's, our own, and those that the project has subscribed to. */
export function GalleryPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [url, setUrl] = useUrlState({ tab: "all", q: "", page: "1", sort: "", order: "desc" });
  const [isPublishing, setPublishing] = useState(false);
  const tab = TABS.find((one) => one === url.tab) ?? "all";
  return (
    <Page
      title={t("gallery.title")}
      actions={
        may(MAY.publish) ? (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setPublishing(true)}>
            {t("gallery.publish")}
          </Button>
        ) : null
      }
    >
      <Tabs
        className={styles.tabs as string}
        activeKey={tab}
        onChange={(chosen) =>
          setUrl({ tab: chosen, q: null, page: null, sort: null, order: null }, { push: true })
        }
        items={TABS.map((key) => ({ key, label: t(`gallery.tabs.${key}`) }))}
      />
      {tab === "subscriptions" ? <Subscriptions /> : <Items key={tab} own={tab === "own"} />}
      {isPublishing ? (
        <PublishDialog algorithm={null} item={null} onClose={() => setPublishing(false)} />
      ) : null}
    </Page>
  );
}
