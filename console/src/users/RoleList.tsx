import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Popover, Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject, type Schemas } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { rolesQuery, userKeys } from "./queries.ts";
import { useRoleWords } from "./roleWords.ts";

type Role = Schemas["RoleItem"];
interface Fields {
  name: string;
  description: string;
  actions: string[];
}

const PATTERNS = 4; // as many as fit beside the rest; all that they allow is behind their number

/** The built-in roles and the project's own, with what each allows. */
export function RoleList() {
  const { t } = useTranslation();
  const { may, session } = useSession();
  const { roleName, roleAbout } = useRoleWords();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const query = useQuery(rolesQuery());
  const [edited, setEdited] = useState<Role | null | undefined>();
  const refresh = () => queries.invalidateQueries({ queryKey: userKeys.roles() });
  const mayChange = may("iam:role:update");

  async function save({ name, description, actions }: Fields) {
    await api.PUT("/v1/{project_id}/roles/{role}", {
      params: { path: inProject({ role: name.trim() }) },
      body: { description, actions },
    });
    await refresh();
  }
  function remove(role: Role) {
    confirm({
      title: t("users.deleteRoleTitle", { name: role.name }),
      content: t("users.deleteRoleHint"),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v1/{project_id}/roles/{role}", {
          params: { path: inProject({ role: role.name }) },
        });
        await refresh();
      },
    });
  }

  const columns: Column<Role>[] = [
    {
      key: "name",
      title: t("users.role"),
      fixed: true,
      render: ({ name }) => (
        <>
          {roleName(name)} {roleName(name) === name ? null : <span className="mono quiet">{name}</span>}
        </>
      ),
    },
    {
      key: "kind",
      title: t("users.kind"),
      render: (role) => (role.built_in ? t("users.builtIn") : t("users.own")),
    },
    { key: "description", title: t("jobs.col.description"), render: roleAbout },
    {
      key: "actions",
      title: t("users.allows"),
      render: (role) => (
        <Popover
          trigger="click"
          title={role.name}
          content={
            <div style={{ maxHeight: 320, overflowY: "auto" }}>
              {role.actions.map((action) => (
                <div key={action} className="mono">
                  {action}
                </div>
              ))}
            </div>
          }
        >
          <Button type="link" size="small">
            {t("users.actionCount", { count: role.actions.length })}
          </Button>
          {role.built_in
            ? null
            : role.patterns.slice(0, PATTERNS).map((pattern) => (
                <Tag key={pattern} className="mono">
                  {pattern}
                </Tag>
              ))}
          {!role.built_in && role.patterns.length > PATTERNS ? "…" : null}
        </Popover>
      ),
    },
  ];
  return (
    <>
      <DataList<Role>
        columns={columns}
        rowKey={(role) => role.name}
        query={query}
        empty={<Nothing title={t("users.noRoles")} />}
        extra={
          mayChange ? (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited(null)}>
              {t("users.createRole")}
            </Button>
          ) : null
        }
        rowActions={(role) =>
          mayChange && !role.built_in ? (
            <>
              <RowAction
                icon={<EditOutlined />}
                title={t("common.edit")}
                label={t("common.editOf", { name: role.name })}
                onClick={() => setEdited(role)}
              />
              <RowAction
                icon={<DeleteOutlined />}
                title={t("common.delete")}
                label={t("common.deleteOf", { name: role.name })}
                danger
                onClick={() => remove(role)}
              />
            </>
          ) : null
        }
      />
      <FormDialog<Fields>
        title={edited ? t("users.changeTitle", { name: edited.name }) : t("users.createRole")}
        open={edited !== undefined}
        onClose={() => setEdited(undefined)}
        initial={
          edited
            ? { name: edited.name, description: edited.description, actions: edited.patterns }
            : { name: "", description: "", actions: [] }
        }
        onSubmit={save}
        width={600}
      >
        <Form.Item
          name="name"
          label={t("users.role")}
          rules={[{ required: true, message: t("users.nameNeeded") }]}
        >
          <Input disabled={Boolean(edited)} />
        </Form.Item>
        <Form.Item name="description" label={t("jobs.col.description")}>
          <Input />
        </Form.Item>
        <Form.Item name="actions" label={t("users.allows")} extra={t("users.patternHint")}>
          <Select
            mode="tags"
            options={(session.actions ?? []).map((action) => ({ value: action, label: action }))}
          />
        </Form.Item>
      </FormDialog>
    </>
  );
}
