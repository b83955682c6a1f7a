import { DeleteOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { bytes, count } from "../shared/format.ts";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { useNotice } from "../shared/notice.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { Ago } from "../shared/Times.tsx";
import { jobPath } from "./names.ts";
import { type Dataset, type DatasetVersion, datasetsKey, versionsQuery } from "./queries.ts";
import { VersionState } from "./VersionState.tsx";

/** The versions of a dataset, newest first. */
export function Versions({ dataset, onOpen }: { dataset: Dataset; onOpen: (version: string) => void }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [state, change] = useListState();
  const { dataset_id } = dataset;
  const query = useQuery(versionsQuery(dataset_id, state.offset, state.size));
  function remove(version: DatasetVersion) {
    confirm({
      title: t("datasets.deleteVersionTitle", { name: version.version_name }),
      content: t("datasets.deleteVersionHint"),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/datasets/{dataset_id}/versions/{version_id}", {
          params: { path: inProject({ dataset_id, version_id: version.version_id }) },
        });
        await queries.invalidateQueries({ queryKey: datasetsKey() });
        done(t("datasets.deleted"));
      },
    });
  }
  const columns: Column<DatasetVersion>[] = [
    {
      key: "name",
      title: t("datasets.version"),
      fixed: true,
      render: (version) => (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(version.version_id)}>
          {version.version_name}
        </Button>
      ),
    },
    { key: "state", title: t("datasets.status"), render: (version) => <VersionState version={version} /> },
    {
      key: "files",
      title: t("datasets.files"),
      align: "right",
      render: (version) => <span className="tabular">{count(version.total_sample_count)}</span>,
    },
    {
      key: "size",
      title: t("datasets.size"),
      align: "right",
      render: (version) => <span className="tabular">{bytes(version.data_size)}</span>,
    },
    {
      key: "description",
      title: t("common.description"),
      ellipsis: true,
      width: 300,
      render: (version) => version.description || <Dash />,
    },
    {
      key: "create_time",
      title: t("datasets.created"),
      render: (version) => <Ago at={version.create_time} />,
    },
  ];
  return (
    <DataList
      name="dataset-versions"
      columns={columns}
      rowKey={(version) => version.version_id}
      query={query}
      state={state}
      onChange={change}
      title={t("datasets.versions")}
      empty={<Nothing title={t("datasets.noVersions")} hint={t("datasets.noVersionsHint")} />}
      rowActions={(version) => (
        <>
          {version.state === "ready" && may("modelarts:trainJob:create") ? (
            <RowAction
              icon={<ThunderboltOutlined />}
              title={t("datasets.useInJob")}
              label={t("datasets.useOne", { name: version.version_name })}
              to={jobPath(dataset_id, version.version_id)}
            />
          ) : null}
          {may("modelarts:dataset:delete") ? (
            <RowAction
              icon={<DeleteOutlined />}
              title={t("common.delete")}
              danger
              label={t("datasets.deleteOne", { name: version.version_name })}
              onClick={() => remove(version)}
            />
          ) : null}
        </>
      )}
    />
  );
}
