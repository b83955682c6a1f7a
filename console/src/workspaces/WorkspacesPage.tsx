import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { Page } from "../shared/Page.tsx";
import { useUrlState } from "../shared/url.ts";
import { UserQuotas } from "./UserQuotas.tsx";
import { WorkspaceList } from "./WorkspaceList.tsx";

/** Workspaces, and what users may have. */
export function WorkspacesPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  // Search and page belong to one tab: the other begins at its beginning.
  const [url, setUrl] = useUrlState({ tab: "workspaces", q: "", page: "" });
  const seesQuotas = may("modelarts:trainQuota:get");
  const tab = url.tab === "quotas" && seesQuotas ? "quotas" : "workspaces";
  return (
    <Page title={t("workspaces.title")}>
      {seesQuotas ? (
        <Tabs
          activeKey={tab}
          tabBarStyle={{ marginBottom: 0 }}
          onChange={(key) => setUrl({ tab: key, q: null, page: null }, { push: true })}
          items={[
            { key: "workspaces", label: t("workspaces.title") },
            { key: "quotas", label: t("workspaces.userQuotas") },
          ]}
        />
      ) : null}
      {tab === "quotas" ? <UserQuotas /> : <WorkspaceList />}
    </Page>
  );
}
