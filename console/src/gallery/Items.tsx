import { ThunderboltOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { count } from "../shared/format.ts";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import styles from "./gallery.module.css";
import { type Item, itemsQuery, MAY, subscribedQuery } from "./queries.ts";
import { useGalleryActions } from "./useGalleryActions.ts";

/** What is published: found by title. */
export function Items({ own }: { own: boolean }) {
  const { t } = useTranslation();
  const [state, change] = useListState();
  const query = useQuery(itemsQuery(state, own));
  const subscribed = useQuery(subscribedQuery()).data;
  const search = useCallback((q: string) => change({ q }), [change]);
  const columns: Column<Item>[] = [
    {
      key: "title",
      title: t("gallery.itemTitle"),
      sorts: true,
      fixed: true,
      render: (item) => (
        <span className={styles.title}>
          <Link to={`/gallery/${item.id}`}>{item.title}</Link>
          {subscribed?.has(item.id) ? <Tag>{t("gallery.isSubscribed")}</Tag> : null}
        </span>
      ),
    },
    {
      key: "description",
      title: t("common.description"),
      render: (item) => (
        <span className={styles.cut} title={item.description ?? ""}>
          {item.description || <Dash />}
        </span>
      ),
    },
    {
      key: "version",
      title: t("gallery.newest"),
      render: (item) => (
        <span className="tabular">
          {item.latest_version}
          {item.version_count > 1 ? (
            <span className="quiet"> · {t("gallery.versionCount", { n: count(item.version_count) })}</span>
          ) : null}
        </span>
      ),
    },
    {
      key: "publisher",
      title: t("gallery.publisher"),
      render: (item) => (
        <>
          {item.user_name}
          {item.own && !own ? <span className="quiet"> · {t("gallery.ours")}</span> : null}
        </>
      ),
    },
    {
      key: "visibility",
      title: t("gallery.visibility"),
      hidden: !own,
      render: (item) => t(`gallery.visible.${item.visibility}`),
    },
    {
      key: "update_time",
      title: t("gallery.updated"),
      sorts: true,
      align: "right",
      render: (item) => <Ago at={item.update_time} />,
    },
    {
      key: "create_time",
      title: t("gallery.createdAt"),
      sorts: true,
      align: "right",
      hidden: true,
      render: (item) => <Ago at={item.create_time} />,
    },
  ];
  return (
    <DataList
      name={own ? "gallery-own" : "gallery"}
      columns={columns}
      rowKey={(item) => item.id}
      query={query}
      state={state}
      onChange={change}
      open={(item) => `/gallery/${item.id}`}
      toolbar={<SearchField value={state.q} onSearch={search} placeholder={t("gallery.search")} />}
      rowActions={(item) => (
        <ItemActions item={item} subscription={subscribed?.get(item.id)?.subscription_id} />
      )}
      empty={
        state.q ? (
          <Nothing title={t("gallery.noneFound")} />
        ) : own ? (
          <Nothing title={t("gallery.noneOwn")} hint={t("gallery.noneOwnHint")} />
        ) : (
          <Nothing title={t("gallery.none")} hint={t("gallery.noneHint")} />
        )
      }
    />
  );
}

function ItemActions({ item, subscription }: { item: Item; subscription: string | undefined }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const actions = useGalleryActions();
  if (subscription)
    return may(MAY.run) ? (
      <ButtonLink
        to={`/jobs/new?subscription=${subscription}`}
        size="small"
        icon={<ThunderboltOutlined />}
        aria-label={t("gallery.createJobOf", { title: item.title })}
      >
        {t("gallery.createJob")}
      </ButtonLink>
    ) : null;
  return may(MAY.subscribe) ? (
    <Button
      size="small"
      aria-label={t("gallery.subscribeTo", { title: item.title })}
      onClick={() => void actions.subscribe(item)}
    >
      {t("gallery.subscribe")}
    </Button>
  ) : null;
}
