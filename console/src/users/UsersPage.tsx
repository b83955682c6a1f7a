import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { Page } from "../shared/Page.tsx";
import { useUrlState } from "../shared/url.ts";
import { RoleList } from "./RoleList.tsx";
import { UserList } from "./UserList.tsx";

/** Who may sign in, and what they may do. */
export function UsersPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [state, set] = useUrlState({ tab: "users" });
  return (
    <Page title={t("users.title")}>
      <Tabs
        activeKey={state.tab}
        onChange={(tab) => set({ tab })}
        items={[
          { key: "users", label: t("users.users"), children: <UserList /> },
          ...(may("iam:role:get") ? [{ key: "roles", label: t("users.roles"), children: <RoleList /> }] : []),
        ]}
      />
    </Page>
  );
}
