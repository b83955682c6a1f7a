import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Id } from "../shared/Id.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import { type WorkspaceItem, workspaceListQuery } from "./queries.ts";
import { useRuling } from "./ruling.ts";
import { useDeletion } from "./useDeletion.tsx";
import { WorkspaceDialog } from "./WorkspaceDialog.tsx";

/** The workspaces that one sees. */
export function WorkspaceList() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { mayCreate, mayChange, mayDelete } = useRuling();
  const remove = useDeletion();
  const [state, change] = useListState({ order: "asc" });
  /** Undefined: no dialogue; null: a new one. */
  const [edited, setEdited] = useState<WorkspaceItem | null | undefined>();
  const query = useQuery(workspaceListQuery(state));
  const search = useCallback((q: string) => change({ q }), [change]);
  const columns: Column<WorkspaceItem>[] = [
    {
      key: "name",
      title: t("common.name"),
      sorts: true,
      fixed: true,
      width: 220,
      render: (workspace) => <Link to={`/workspaces/${workspace.id}`}>{workspace.name}</Link>,
    },
    {
      key: "kind",
      title: t("workspaces.kind"),
      width: 120,
      render: (workspace) => t(`workspaces.kinds.${workspace.auth_type}`),
    },
    { key: "owner", title: t("workspaces.owner"), width: 120, render: (workspace) => workspace.owner },
    {
      key: "description",
      title: t("common.description"),
      ellipsis: true,
      width: 280,
      render: (workspace) => workspace.description || <Dash />,
    },
    {
      key: "update_time",
      title: t("workspaces.updated"),
      sorts: true,
      width: 120,
      render: (workspace) => <Ago at={workspace.update_time} />,
    },
    { key: "id", title: "ID", hidden: true, render: (workspace) => <Id id={workspace.id} /> },
  ];
  return (
    <>
      <DataList<WorkspaceItem>
        name="workspaces"
        columns={columns}
        rowKey={(workspace) => workspace.id}
        query={query}
        state={state}
        onChange={change}
        open={(workspace) => `/workspaces/${workspace.id}`}
        toolbar={<SearchField value={state.q} onSearch={search} placeholder={t("workspaces.search")} />}
        extra={
          mayCreate ? (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited(null)}>
              {t("workspaces.create")}
            </Button>
          ) : null
        }
        empty={<Nothing title={t("workspaces.noneFound")} />}
        rowActions={(workspace) => (
          <>
            {mayChange(workspace) ? (
              <RowAction
                icon={<EditOutlined />}
                title={t("common.edit")}
                label={t("common.editOf", { name: workspace.name })}
                onClick={() => setEdited(workspace)}
              />
            ) : null}
            {mayDelete(workspace) ? (
              <RowAction
                icon={<DeleteOutlined />}
                title={t("common.delete")}
                label={t("common.deleteOf", { name: workspace.name })}
                danger
                onClick={() => remove(workspace)}
              />
            ) : null}
          </>
        )}
      />
      <WorkspaceDialog
        workspace={edited ?? null}
        open={edited !== undefined}
        onClose={() => setEdited(undefined)}
        onMade={(made) => void navigate(`/workspaces/${made.id}`)}
      />
    </>
  );
}
