import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject, type Schemas } from "../api/client.ts";
import { type Column, DataList } from "../shared/DataList.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { Section } from "../shared/Page.tsx";
import { useRoleWords } from "../users/roleWords.ts";
import { type GrantValues, MemberRows } from "./MemberRows.tsx";
import { type Workspace, workspaceKeys } from "./queries.ts";
import { useRuling } from "./ruling.ts";

type Grant = Schemas["GrantItem"];

/** Who may enter a workspace, and what they may do there; changed all at once. */
export function Members({ workspace }: { workspace: Workspace }) {
  const { t } = useTranslation();
  const { roleName } = useRoleWords();
  const queries = useQueryClient();
  const { mayChange } = useRuling();
  const [isEditing, setEditing] = useState(false);
  const isInternal = workspace.auth_type === "INTERNAL";
  const columns: Column<Grant>[] = [
    { key: "name", title: t("workspaces.member"), render: (grant) => grant.user_name },
    {
      key: "role",
      title: t("workspaces.role"),
      render: (grant) =>
        grant.role ? (
          <Tag>{roleName(grant.role)}</Tag>
        ) : (
          <span className="quiet">{t("workspaces.noRole")}</span>
        ),
    },
  ];
  async function save({ grants }: { grants: GrantValues[] }) {
    await api.PUT("/v1/{project_id}/workspaces/{workspace_id}", {
      params: { path: inProject({ workspace_id: workspace.id }) },
      body: { grants: grants.map(({ user_id, role }) => ({ user_id, ...(role ? { role } : {}) })) },
    });
    await queries.invalidateQueries({ queryKey: workspaceKeys.all() });
  }
  return (
    <Section
      title={t("workspaces.members")}
      extra={
        isInternal && mayChange(workspace) ? (
          <Button size="small" onClick={() => setEditing(true)}>
            {t("workspaces.changeMembers")}
          </Button>
        ) : null
      }
    >
      {isInternal ? (
        <DataList<Grant>
          columns={columns}
          rowKey={(grant) => grant.user_id}
          query={{ data: { items: workspace.grants, total: workspace.grants.length }, error: null }}
          empty={<p className="quiet">{t("workspaces.noMembers", { owner: workspace.owner })}</p>}
        />
      ) : (
        <p className="quiet">{t(`workspaces.enters.${workspace.auth_type}`, { owner: workspace.owner })}</p>
      )}
      <FormDialog<{ grants: GrantValues[] }>
        title={t("workspaces.membersOf", { name: workspace.name })}
        open={isEditing}
        onClose={() => setEditing(false)}
        initial={{ grants: workspace.grants.map(({ user_id, role }) => ({ user_id, role: role ?? "" })) }}
        onSubmit={save}
        width={560}
      >
        <p className="quiet" style={{ marginBottom: 12 }}>
          {t("workspaces.membersHint")}
        </p>
        <Form.Item>
          <MemberRows />
        </Form.Item>
      </FormDialog>
    </Section>
  );
}
