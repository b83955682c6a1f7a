import { DeleteOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import styles from "./gallery.module.css";
import { MAY, type Subscription, subscriptionsQuery } from "./queries.ts";
import { useGalleryActions } from "./useGalleryActions.ts";
import { VersionChoice } from "./VersionChoice.tsx";

/** What the project has subscribed to, and in which version. */
export function Subscriptions() {
  const { t } = useTranslation();
  const { may } = useSession();
  const actions = useGalleryActions();
  const [state, change] = useListState();
  const query = useQuery(subscriptionsQuery(state));
  const search = useCallback((q: string) => change({ q }), [change]);
  const columns: Column<Subscription>[] = [
    {
      key: "title",
      title: t("gallery.itemTitle"),
      fixed: true,
      render: ({ item }) => (
        <span className={styles.title}>
          <Link to={`/gallery/${item.id}`}>{item.title}</Link>
        </span>
      ),
    },
    {
      key: "version",
      title: t("gallery.version"),
      render: (subscription) => <VersionChoice subscription={subscription} />,
    },
    {
      key: "description",
      title: t("common.description"),
      render: ({ item }) => (
        <span className={styles.cut} title={item.description ?? ""}>
          {item.description || <Dash />}
        </span>
      ),
    },
    { key: "publisher", title: t("gallery.publisher"), render: ({ item }) => item.user_name },
    { key: "by", title: t("gallery.subscriber"), render: (one) => one.user_name },
    {
      key: "since",
      title: t("gallery.subscribedAt"),
      align: "right",
      render: (one) => <Ago at={one.create_time} />,
    },
  ];
  return (
    <DataList
      name="subscriptions"
      columns={columns}
      rowKey={(one) => one.subscription_id}
      query={query}
      state={state}
      onChange={change}
      open={({ item }) => `/gallery/${item.id}`}
      toolbar={<SearchField value={state.q} onSearch={search} placeholder={t("gallery.search")} />}
      rowActions={(one) => (
        <>
          {may(MAY.run) ? (
            <RowAction
              icon={<ThunderboltOutlined />}
              title={t("gallery.createJob")}
              label={t("gallery.createJobOf", { title: one.item.title })}
              to={`/jobs/new?subscription=${one.subscription_id}`}
            />
          ) : null}
          {may(MAY.subscribe) ? (
            <RowAction
              icon={<DeleteOutlined />}
              title={t("gallery.unsubscribe")}
              danger
              label={t("gallery.unsubscribeFrom", { title: one.item.title })}
              onClick={() => actions.unsubscribe(one)}
            />
          ) : null}
        </>
      )}
      empty={
        state.q ? (
          <Nothing title={t("gallery.noneFound")} />
        ) : (
          <Nothing
            title={t("gallery.noSubscriptions")}
            hint={t("gallery.noSubscriptionsHint")}
            action={<ButtonLink to="/gallery">{t("gallery.toAll")}</ButtonLink>}
          />
        )
      }
    />
  );
}
