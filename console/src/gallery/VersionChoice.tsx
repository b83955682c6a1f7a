import { Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import styles from "./gallery.module.css";
import { MAY, type Subscription, updateOf } from "./queries.ts";
import { useGalleryActions } from "./useGalleryActions.ts";

/** The version that new jobs of a subscription run; another can be chosen, and a newer one is pointed out. */
export function VersionChoice({ subscription }: { subscription: Subscription }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { choose } = useGalleryActions();
  const [isBusy, setBusy] = useState(false);
  const versions = subscription.item.versions ?? [];
  const update = updateOf(subscription);
  async function put(version: string) {
    setBusy(true);
    await choose(subscription, version);
    setBusy(false);
  }
  if (!may(MAY.subscribe) || versions.length < 2)
    return <span className="tabular">{subscription.version_num}</span>;
  return (
    <span className={styles.version}>
      <Select<string>
        size="small"
        aria-label={t("gallery.versionOf", { title: subscription.item.title })}
        value={subscription.item_version_id}
        loading={isBusy}
        disabled={isBusy}
        popupMatchSelectWidth={false}
        options={versions.map((one, index) => ({
          value: one.id,
          label: index === 0 ? t("gallery.isNewest", { version: one.version_num }) : one.version_num,
        }))}
        onChange={(version) => void put(version)}
      />
      {update ? <Tag>{t("gallery.update", { version: update.version_num })}</Tag> : null}
    </span>
  );
}
