import { useQuery } from "@tanstack/react-query";
import { Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { rolesQuery } from "./queries.ts";
import { useRoleWords } from "./roleWords.ts";
import type { User } from "./UserList.tsx";

interface Fields {
  name: string;
  password?: string;
  roles: string[];
}

interface UserDialogProps {
  /** Null makes a new one. */
  user: User | null;
  open: boolean;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** Makes a user, or changes name, roles and password of one. */
export function UserDialog({ user, open, onClose, onDone }: UserDialogProps) {
  const { t } = useTranslation();
  const { roleName } = useRoleWords();
  const roles = useQuery(rolesQuery()).data?.items ?? [];

  async function save({ name, password, roles }: Fields) {
    const body = { name: name.trim(), roles, ...(password ? { password } : {}) };
    if (user)
      await api.PUT("/v1/{project_id}/users/{user_id}", {
        params: { path: inProject({ user_id: user.id }) },
        body,
      });
    else await api.POST("/v1/{project_id}/users", { params: { path: inProject() }, body });
    await onDone();
  }

  return (
    <FormDialog<Fields>
      title={user ? t("users.changeTitle", { name: user.name }) : t("users.create")}
      open={open}
      onClose={onClose}
      initial={user ? { name: user.name, roles: user.roles } : { name: "", roles: ["developer"] }}
      onSubmit={save}
    >
      <Form.Item
        name="name"
        label={t("users.name")}
        rules={[{ required: true, message: t("users.nameNeeded") }]}
      >
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="password"
        label={t(user ? "users.newPassword" : "users.password")}
        extra={t(user ? "users.newPasswordHint" : "users.passwordHint")}
        rules={[{ min: 8, message: t("users.passwordShort") }]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item name="roles" label={t("users.roles")}>
        <Select
          mode="multiple"
          options={roles.map((role) => ({ value: role.name, label: roleName(role.name) }))}
        />
      </Form.Item>
    </FormDialog>
  );
}
