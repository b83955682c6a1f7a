import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { ObjectPath } from "../shared/ObjectPath.tsx";
import { Page } from "../shared/Page.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { useWorkspace } from "../shared/workspace.ts";
import { NewDataset } from "./DatasetDialog.tsx";
import { type Dataset, datasetsQuery } from "./queries.ts";

/** The datasets of the project. */
export function DatasetsPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const [workspace] = useWorkspace();
  const [state, change] = useListState();
  // `new` is the folder that a dataset is to be made of, or `-` for none yet.
  const [url, setUrl] = useUrlState({ new: "" });
  const query = useQuery(datasetsQuery(state, workspace));
  const search = useCallback((q: string) => change({ q }), [change]);
  const columns: Column<Dataset>[] = [
    {
      key: "name",
      title: t("common.name"),
      sorts: true,
      fixed: true,
      width: 240,
      render: (dataset) => <Link to={`/datasets/${dataset.dataset_id}`}>{dataset.dataset_name}</Link>,
    },
    {
      key: "path",
      title: t("datasets.folder"),
      render: (dataset) => <ObjectPath path={dataset.data_source.data_path} />,
    },
    {
      key: "description",
      title: t("common.description"),
      ellipsis: true,
      width: 280,
      render: (dataset) => dataset.description || <Dash />,
    },
    { key: "owner", title: t("datasets.owner"), width: 140, render: (dataset) => dataset.user_name },
    {
      key: "create_time",
      title: t("datasets.created"),
      sorts: true,
      width: 130,
      render: (dataset) => <Ago at={dataset.create_time} />,
    },
    {
      key: "update_time",
      title: t("datasets.updated"),
      hidden: true,
      width: 130,
      render: (dataset) => <Ago at={dataset.update_time} />,
    },
  ];
  const create = may("modelarts:dataset:create") ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setUrl({ new: "-" })}>
      {t("datasets.new")}
    </Button>
  ) : null;
  return (
    <Page title={t("datasets.title")} actions={create}>
      <DataList
        name="datasets"
        columns={columns}
        rowKey={(dataset) => dataset.dataset_id}
        query={query}
        state={state}
        onChange={change}
        open={(dataset) => `/datasets/${dataset.dataset_id}`}
        toolbar={<SearchField value={state.q} onSearch={search} placeholder={t("datasets.search")} />}
        empty={
          state.q ? (
            <Nothing title={t("datasets.noneFound")} />
          ) : (
            <Nothing title={t("datasets.none")} hint={t("datasets.noneHint")} action={create} />
          )
        }
      />
      <NewDataset
        open={url.new !== "" && create !== null}
        path={url.new === "-" ? "" : url.new}
        onClose={() => setUrl({ new: null })}
        onMade={(dataset) => void navigate(`/datasets/${dataset.dataset_id}`)}
      />
    </Page>
  );
}
