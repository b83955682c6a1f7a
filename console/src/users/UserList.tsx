import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject, type Schemas } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { useNotice } from "../shared/notice.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SwitchAction } from "../shared/SwitchAction.tsx";
import { Ago } from "../shared/Times.tsx";
import { userKeys, usersQuery } from "./queries.ts";
import { useRoleWords } from "./roleWords.ts";
import { UserDialog } from "./UserDialog.tsx";

export type User = Schemas["UserItem"];

/** The project's users: made, changed, shut out, deleted. */
export function UserList() {
  const { t } = useTranslation();
  const { may, session } = useSession();
  const { roleName } = useRoleWords();
  const confirm = useConfirm();
  const notice = useNotice();
  const queries = useQueryClient();
  const [state, change] = useListState();
  const query = useQuery(usersQuery(state.offset, state.size));
  /** Undefined: no dialogue; null: a new user. */
  const [edited, setEdited] = useState<User | null | undefined>();
  const refresh = () => queries.invalidateQueries({ queryKey: userKeys.all() });

  function setEnabled(user: User, enabled: boolean) {
    const run = async () => {
      await api.PUT("/v1/{project_id}/users/{user_id}", {
        params: { path: inProject({ user_id: user.id }) },
        body: { enabled },
      });
      await refresh();
      notice.done(t(enabled ? "users.enabled" : "users.disabled", { name: user.name }));
    };
    if (enabled) void run().catch(notice.failed);
    else
      confirm({
        title: t("users.disableTitle", { name: user.name }),
        content: t("users.disableHint"),
        action: t("common.disable"),
        run,
      });
  }

  function remove(user: User) {
    confirm({
      title: t("users.deleteTitle", { name: user.name }),
      content: t("users.deleteHint"),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v1/{project_id}/users/{user_id}", {
          params: { path: inProject({ user_id: user.id }) },
        });
        await refresh();
        notice.done(t("users.deleted", { name: user.name }));
      },
    });
  }

  const columns: Column<User>[] = [
    { key: "name", title: t("users.name"), fixed: true, render: (user) => user.name },
    {
      key: "roles",
      title: t("users.roles"),
      render: (user) => (
        <>
          {user.is_admin ? <Tag>{t("users.platformAdmin")}</Tag> : null}
          {user.roles.map((role) => (
            <Tag key={role}>{roleName(role)}</Tag>
          ))}
        </>
      ),
    },
    {
      key: "state",
      title: t("users.state"),
      render: (user) =>
        user.enabled ? (
          <span className="good">{t("users.isEnabled")}</span>
        ) : (
          <span className="warn">{t("users.isDisabled")}</span>
        ),
    },
    {
      key: "password",
      title: t("users.byPassword"),
      render: (user) => (user.has_password ? t("users.yes") : t("users.no")),
    },
    {
      key: "created",
      title: t("users.created"),
      align: "right",
      render: (user) => <Ago at={user.created_at_ms} />,
    },
  ];
  return (
    <>
      <DataList<User>
        name="users"
        columns={columns}
        rowKey={(user) => user.id}
        query={query}
        state={state}
        onChange={change}
        empty={<Nothing title={t("users.none")} />}
        extra={
          may("iam:user:create") ? (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited(null)}>
              {t("users.create")}
            </Button>
          ) : null
        }
        rowActions={(user) => (
          <>
            {may("iam:user:update") ? (
              <>
                <RowAction
                  icon={<EditOutlined />}
                  title={t("common.edit")}
                  label={t("common.editOf", { name: user.name })}
                  onClick={() => setEdited(user)}
                />
                {user.id === session.user?.id ? null : (
                  <SwitchAction
                    name={user.name}
                    isOn={user.enabled}
                    onSwitch={() => setEnabled(user, !user.enabled)}
                  />
                )}
              </>
            ) : null}
            {may("iam:user:delete") && user.id !== session.user?.id ? (
              <RowAction
                icon={<DeleteOutlined />}
                title={t("common.delete")}
                label={t("common.deleteOf", { name: user.name })}
                danger
                onClick={() => remove(user)}
              />
            ) : null}
          </>
        )}
      />
      <UserDialog
        user={edited ?? null}
        open={edited !== undefined}
        onClose={() => setEdited(undefined)}
        onDone={refresh}
      />
    </>
  );
}
