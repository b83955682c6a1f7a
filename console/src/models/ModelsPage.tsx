import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { count } from "../shared/format.ts";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { Page } from "../shared/Page.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import { useWorkspace } from "../shared/workspace.ts";
import { type Model, modelsQuery } from "./queries.ts";

/** The models that jobs of the project have registered. */
export function ModelsPage() {
  const { t } = useTranslation();
  const [workspace] = useWorkspace();
  const [state, change] = useListState();
  const query = useQuery(modelsQuery(state, workspace));
  const search = useCallback((q: string) => change({ q }), [change]);
  const columns: Column<Model>[] = [
    {
      key: "name",
      title: t("common.name"),
      fixed: true,
      render: (model) => <Link to={`/models/${model.model_id}`}>{model.model_name}</Link>,
    },
    {
      key: "last",
      title: t("models.newest"),
      render: (model) =>
        model.version_count > 0 ? (
          <span className="tabular">{t("models.v", { n: model.last_version })}</span>
        ) : (
          <Dash />
        ),
    },
    {
      key: "versions",
      title: t("models.versions"),
      align: "right",
      render: (model) => <span className="tabular">{count(model.version_count)}</span>,
    },
    {
      key: "description",
      title: t("common.description"),
      ellipsis: true,
      width: 320,
      render: (model) => model.description || <Dash />,
    },
    { key: "owner", title: t("models.owner"), render: (model) => model.user_name },
    { key: "updated", title: t("models.updated"), render: (model) => <Ago at={model.update_time} /> },
    {
      key: "created",
      title: t("models.created"),
      hidden: true,
      render: (model) => <Ago at={model.create_time} />,
    },
  ];
  return (
    <Page title={t("models.title")}>
      <DataList
        name="models"
        columns={columns}
        rowKey={(model) => model.model_id}
        query={query}
        state={state}
        onChange={change}
        open={(model) => `/models/${model.model_id}`}
        toolbar={<SearchField value={state.q} onSearch={search} placeholder={t("models.search")} />}
        empty={
          state.q ? (
            <Nothing title={t("models.noneFound")} />
          ) : (
            <Nothing title={t("models.none")} hint={t("models.noneHint")} />
          )
        }
      />
    </Page>
  );
}
