import { DeleteOutlined, DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
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
import { archiveAddress, type Model, type ModelVersion, modelsKey, versionsQuery } from "./queries.ts";

/** The versions of a model, newest first: which job made them with what. */
export function ModelVersions({ model, onOpen }: { model: Model; onOpen: (version: string) => void }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [state, change] = useListState();
  const query = useQuery(versionsQuery(model.model_id, state.offset, state.size));
  function remove(version: ModelVersion) {
    confirm({
      title: t("models.deleteVersionTitle", { n: version.version }),
      content: t("models.deleteVersionHint", { files: count(version.files), bytes: bytes(version.size) }),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/models/{model_id}/versions/{version_id}", {
          params: { path: inProject({ model_id: model.model_id, version_id: version.version_id }) },
        });
        await queries.invalidateQueries({ queryKey: modelsKey() });
        done(t("models.deleted"));
      },
    });
  }
  const columns: Column<ModelVersion>[] = [
    {
      key: "version",
      title: t("models.version"),
      fixed: true,
      render: (version) => (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(version.version_id)}>
          {t("models.v", { n: version.version })}
        </Button>
      ),
    },
    {
      key: "job",
      title: t("models.job"),
      render: (version) => <Link to={`/jobs/${version.job_id}`}>{version.job_name}</Link>,
    },
    {
      key: "parameters",
      title: t("models.parameters"),
      ellipsis: true,
      width: 320,
      render: (version) =>
        version.parameters.length ? (
          <span className="mono">
            {version.parameters.map(({ name, value }) => `${name}=${value}`).join("  ")}
          </span>
        ) : (
          <Dash />
        ),
    },
    {
      key: "files",
      title: t("models.files"),
      align: "right",
      render: (version) => <span className="tabular">{count(version.files)}</span>,
    },
    {
      key: "size",
      title: t("models.size"),
      align: "right",
      render: (version) => <span className="tabular">{bytes(version.size)}</span>,
    },
    { key: "created", title: t("models.created"), render: (version) => <Ago at={version.create_time} /> },
  ];
  return (
    <DataList
      name="model-versions"
      columns={columns}
      rowKey={(version) => version.version_id}
      query={query}
      state={state}
      onChange={change}
      title={t("models.versions")}
      empty={<Nothing title={t("models.noVersions")} hint={t("models.noneHint")} />}
      rowActions={(version) => (
        <>
          <RowAction
            icon={<DownloadOutlined />}
            title={t("models.archive")}
            href={archiveAddress(version)}
            download={true}
            label={t("models.archiveOf", { n: version.version })}
          />
          {may("modelarts:model:delete") ? (
            <RowAction
              icon={<DeleteOutlined />}
              title={t("common.delete")}
              danger
              label={t("models.deleteOne", { n: version.version })}
              onClick={() => remove(version)}
            />
          ) : null}
        </>
      )}
    />
  );
}
