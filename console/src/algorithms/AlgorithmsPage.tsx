import { PlusOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { count } from "../shared/format.ts";
import { Id } from "../shared/Id.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { ObjectPath } from "../shared/ObjectPath.tsx";
import { Page } from "../shared/Page.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { useWorkspace } from "../shared/workspace.ts";
import styles from "./algorithms.module.css";
import { MoreActions } from "./MoreActions.tsx";
import { engineText } from "./names.ts";
import { type Algorithm, algorithmsQuery, MAY, SEARCHED, type SearchedBy } from "./queries.ts";

/** The saved algorithms of the project. */
export function AlgorithmsPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [workspace] = useWorkspace();
  const [state, change] = useListState();
  const [url, setUrl] = useUrlState({ by: "name" });
  const by = SEARCHED.find((one) => one === url.by) ?? "name";
  const query = useQuery(algorithmsQuery(state, by, workspace));
  const search = useCallback((q: string) => change({ q }), [change]);
  const create = may(MAY.create) ? (
    <ButtonLink to="/algorithms/new" type="primary" icon={<PlusOutlined />}>
      {t("algorithms.new")}
    </ButtonLink>
  ) : null;
  return (
    <Page title={t("algorithms.title")} actions={create}>
      <DataList
        name="algorithms"
        columns={useColumns()}
        rowKey={(algorithm) => algorithm.metadata.id}
        query={query}
        state={state}
        onChange={change}
        open={(algorithm) => `/algorithms/${algorithm.metadata.id}`}
        toolbar={
          <>
            <Select<SearchedBy>
              aria-label={t("algorithms.searchBy")}
              value={by}
              popupMatchSelectWidth={false}
              options={SEARCHED.map((value) => ({ value, label: t(`algorithms.searchedBy.${value}`) }))}
              onChange={(chosen) => setUrl({ by: chosen })}
            />
            <SearchField value={state.q} onSearch={search} placeholder={t("algorithms.searchText")} />
          </>
        }
        rowActions={(algorithm) => (
          <>
            {may(MAY.run) ? (
              <RowAction
                icon={<ThunderboltOutlined />}
                title={t("algorithms.createJob")}
                label={t("algorithms.createJobOf", { name: algorithm.metadata.name })}
                to={`/jobs/new?algorithm=${algorithm.metadata.id}`}
              />
            ) : null}
            <MoreActions algorithm={algorithm} inRow />
          </>
        )}
        empty={
          state.q ? (
            <Nothing title={t("algorithms.noneFound")} />
          ) : (
            <Nothing
              title={t("algorithms.none")}
              hint={t("algorithms.noneHint")}
              {...(create ? { action: create } : {})}
            />
          )
        }
      />
    </Page>
  );
}

function useColumns(): Column<Algorithm>[] {
  const { t } = useTranslation();
  return [
    {
      key: "name",
      title: t("common.name"),
      sorts: true,
      fixed: true,
      render: ({ metadata }) => (
        <span className={styles.name}>
          <Link to={`/algorithms/${metadata.id}`}>{metadata.name}</Link>
          <Id id={metadata.id} />
        </span>
      ),
    },
    {
      key: "description",
      title: t("common.description"),
      render: ({ metadata }) => (
        <span className={styles.cut} title={metadata.description ?? ""}>
          {metadata.description || <Dash />}
        </span>
      ),
    },
    {
      key: "engine",
      title: t("algorithms.engine"),
      render: (algorithm) => (
        <span className={styles.cut}>{engineText(algorithm.job_config) || t("algorithms.noEngine")}</span>
      ),
    },
    {
      key: "code",
      title: t("algorithms.codeDir"),
      hidden: true,
      render: ({ job_config }) => <ObjectPath path={String(job_config.code_dir ?? "")} />,
    },
    {
      key: "changes",
      title: t("algorithms.version"),
      hidden: true,
      align: "right",
      render: ({ metadata }) => <span className="tabular">{count(metadata.version_num ?? 0)}</span>,
    },
    { key: "owner", title: t("algorithms.owner"), render: ({ metadata }) => metadata.user_name },
    {
      key: "update_time",
      title: t("algorithms.updated"),
      sorts: true,
      align: "right",
      render: ({ metadata }) => <Ago at={metadata.update_time} />,
    },
    {
      key: "create_time",
      title: t("algorithms.createdAt"),
      sorts: true,
      align: "right",
      hidden: true,
      render: ({ metadata }) => <Ago at={metadata.create_time} />,
    },
  ];
}
