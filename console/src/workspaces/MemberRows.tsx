import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { rolesQuery } from "../users/queries.ts";
import { useRoleWords } from "../users/roleWords.ts";
import { namesQuery } from "./queries.ts";
import styles from "./workspaces.module.css";

export interface GrantValues {
  user_id: string | null;
  /** Empty: what their roles in the project allow. */
  role: string;
}

/** The members in a form, its field `grants`: a user and, if wanted, the role that limits them there. */
export function MemberRows() {
  const { t } = useTranslation();
  const { roleName } = useRoleWords();
  const { may } = useSession();
  const users = useQuery(namesQuery()).data ?? [];
  const roles = useQuery({ ...rolesQuery(), enabled: may("iam:role:get") }).data?.items ?? [];
  const roleOptions = [
    { value: "", label: t("workspaces.noRole") },
    ...roles.map((role) => ({ value: role.name, label: roleName(role.name) })),
  ];
  return (
    <Form.List name="grants">
      {(fields, { add, remove }) => (
        <div className={styles.rows}>
          {fields.map((field) => (
            <div key={field.key} className={styles.row}>
              <Form.Item
                name={[field.name, "user_id"]}
                rules={[
                  { required: true, message: t("workspaces.memberNeeded") },
                  ({ getFieldValue }) => ({
                    validator: async (_, user: string | null) => {
                      const grants: GrantValues[] = getFieldValue("grants") ?? [];
                      if (user && grants.filter((one) => one?.user_id === user).length > 1)
                        throw new Error(t("workspaces.memberTwice"));
                    },
                  }),
                ]}
              >
                <Select
                  showSearch={{ optionFilterProp: "label" }}
                  aria-label={t("workspaces.member")}
                  placeholder={t("workspaces.member")}
                  options={users.map((user) => ({ value: user.userId, label: user.userName }))}
                />
              </Form.Item>
              <Form.Item name={[field.name, "role"]}>
                <Select aria-label={t("workspaces.role")} options={roleOptions} />
              </Form.Item>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("workspaces.removeMember")}
                onClick={() => remove(field.name)}
              />
            </div>
          ))}
          <div>
            <Button size="small" icon={<PlusOutlined />} onClick={() => add({ user_id: null, role: "" })}>
              {t("workspaces.addMember")}
            </Button>
          </div>
        </div>
      )}
    </Form.List>
  );
}
