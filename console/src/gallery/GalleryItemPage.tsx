import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Definition } from "../algorithms/Definition.tsx";
import { fromBody } from "../algorithms/form/fromBody.ts";
import { engineName } from "../algorithms/names.ts";
import { Facts } from "../shared/Facts.tsx";
import { Id } from "../shared/Id.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Exact } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import styles from "./gallery.module.css";
import { ItemButtons } from "./ItemButtons.tsx";
import { type Item, itemQuery, type Subscription, subscribedQuery, type Version } from "./queries.ts";
import { VersionChoice } from "./VersionChoice.tsx";
import { Versions } from "./Versions.tsx";

/** One published algorithm: its versions, what it takes and needs. */
export function GalleryItemPage() {
  const { itemId = "" } = useParams();
  const { t } = useTranslation();
  const [url, setUrl] = useUrlState({ version: "" });
  const query = useQuery(itemQuery(itemId));
  const subscription = useQuery(subscribedQuery()).data?.get(itemId);
  const item = query.data;
  const above = <Link to="/gallery">‹ {t("gallery.title")}</Link>;
  if (!item) return <WaitingPage title={t("gallery.one")} above={above} query={query} />;
  const versions = item.versions ?? [];
  const shown = versions.find((one) => one.id === url.version) ?? versions[0];
  return (
    <Page
      title={item.title}
      above={above}
      aside={<Id id={item.id} />}
      actions={<ItemButtons item={item} subscription={subscription} shown={shown} />}
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      <Head item={item} subscription={subscription} />
      <Versions
        versions={versions}
        shown={shown?.id ?? ""}
        subscribed={subscription?.item_version_id ?? ""}
        onShow={(version) => setUrl({ version })}
      />
      {shown ? <Shown item={item} version={shown} /> : null}
    </Page>
  );
}

function Head({ item, subscription }: { item: Item; subscription: Subscription | undefined }) {
  const { t } = useTranslation();
  return (
    <Section>
      {item.description ? <p className={styles.description}>{item.description}</p> : null}
      <Facts
        items={[
          [t("gallery.publisher"), `${item.user_name}${item.own ? ` · ${t("gallery.ours")}` : ""}`],
          [t("gallery.visibility"), t(`gallery.visible.${item.visibility}`)],
          subscription
            ? [
                t("gallery.subscribedVersion"),
                <VersionChoice
                  key="version"
                  subscription={{
                    ...subscription,
                    item: { ...subscription.item, versions: item.versions ?? [] },
                  }}
                />,
              ]
            : null,
          [t("gallery.createdAt"), <Exact key="created" at={item.create_time} />],
          [t("gallery.updated"), <Exact key="updated" at={item.update_time} />],
        ]}
      />
    </Section>
  );
}

function Shown({ item, version }: { item: Item; version: Version }) {
  const { t } = useTranslation();
  const form = useMemo(() => fromBody({ metadata: { name: item.title }, ...version }), [item, version]);
  return (
    <>
      <h2 className={styles.heading}>
        {t("gallery.inVersion", { version: version.version_num })}
        <span className="quiet small">
          {t("gallery.engine")} {engineName(form.engine) || t("algorithms.noEngine")}
        </span>
      </h2>
      <Definition form={form} />
    </>
  );
}
