import { MoreOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { ChangeDialog } from "./ChangeDialog.tsx";
import { PublishDialog } from "./PublishDialog.tsx";
import { type Item, MAY, type Subscription, type Version } from "./queries.ts";
import { useGalleryActions } from "./useGalleryActions.ts";

interface ButtonsProps {
  item: Item;
  subscription: Subscription | undefined;
  /** The version that is looked at. */
  shown: Version | undefined;
}

/** What can be done with an item: subscribe, make a job; with one's own: publish, change, withdraw. */
export function ItemButtons({ item, subscription, shown }: ButtonsProps) {
  const { t } = useTranslation();
  const { may } = useSession();
  const actions = useGalleryActions();
  const [dialogue, setDialogue] = useState<"publish" | "change" | null>(null);
  const isOwn = item.own && may(MAY.publish);
  return (
    <>
      {subscription ? (
        <>
          {may(MAY.run) ? (
            <ButtonLink to={`/jobs/new?subscription=${subscription.subscription_id}`} type="primary">
              {t("gallery.createJob")}
            </ButtonLink>
          ) : null}
          {may(MAY.subscribe) ? (
            <Button onClick={() => actions.unsubscribe(subscription)}>{t("gallery.unsubscribe")}</Button>
          ) : null}
        </>
      ) : may(MAY.subscribe) ? (
        <Button type="primary" onClick={() => void actions.subscribe(item, shown?.id)}>
          {t("gallery.subscribeVersion", { version: shown?.version_num ?? "" })}
        </Button>
      ) : null}
      {isOwn ? (
        <>
          <Button onClick={() => setDialogue("publish")}>{t("gallery.publishNext")}</Button>
          <Dropdown
            trigger={["click"]}
            menu={{
              items: [
                { key: "change", label: t("gallery.change") },
                { key: "withdraw", label: t("gallery.withdrawIt"), danger: true },
              ],
              onClick: ({ key }) => (key === "change" ? setDialogue("change") : actions.withdraw(item)),
            }}
          >
            <Button icon={<MoreOutlined />} aria-label={t("gallery.actionsOf", { title: item.title })} />
          </Dropdown>
        </>
      ) : null}
      {dialogue === "publish" ? (
        <PublishDialog algorithm={null} item={item} onClose={() => setDialogue(null)} />
      ) : null}
      {dialogue === "change" ? <ChangeDialog item={item} onClose={() => setDialogue(null)} /> : null}
    </>
  );
}
