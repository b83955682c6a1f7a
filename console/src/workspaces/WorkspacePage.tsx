import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { Facts } from "../shared/Facts.tsx";
import { Id } from "../shared/Id.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Exact } from "../shared/Times.tsx";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { useWorkspace } from "../shared/workspace.ts";
import { ContentFacts } from "./Contents.tsx";
import { Members } from "./Members.tsx";
import { Quotas } from "./Quotas.tsx";
import { type Workspace, workspaceQuery } from "./queries.ts";
import { useRuling } from "./ruling.ts";
import { useDeletion } from "./useDeletion.tsx";
import { WorkspaceDialog } from "./WorkspaceDialog.tsx";
import styles from "./workspaces.module.css";

/** One workspace: what it is, who may enter, what it may have, what lies in it. */
export function WorkspacePage() {
  const { t } = useTranslation();
  const { workspaceId = "" } = useParams();
  const query = useQuery(workspaceQuery(workspaceId));
  const workspace = query.data;
  const above = <Link to="/workspaces">{t("shell.nav.workspaces")}</Link>;
  if (!workspace) return <WaitingPage title={t("shell.workspace")} above={above} query={query} />;
  return (
    <Page
      title={workspace.name}
      above={above}
      aside={<span className="quiet">{t(`workspaces.kinds.${workspace.auth_type}`)}</span>}
      actions={<Actions workspace={workspace} />}
    >
      <Section>
        <Facts
          items={[
            [t("common.description"), workspace.description],
            [t("workspaces.owner"), workspace.owner],
            ["ID", <Id key="id" id={workspace.id} whole />],
            [t("workspaces.created"), <Exact key="created" at={workspace.create_time} />],
            [t("workspaces.updated"), <Exact key="updated" at={workspace.update_time} />],
          ]}
        />
      </Section>
      <Quotas workspace={workspace.id} name={workspace.name} />
      <div className={styles.two}>
        <Members workspace={workspace} />
        <Section title={t("workspaces.contents")}>
          <ContentFacts workspace={workspace.id} />
        </Section>
      </div>
    </Page>
  );
}

function Actions({ workspace }: { workspace: Workspace }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { mayChange, mayDelete } = useRuling();
  const [chosen, choose] = useWorkspace();
  const [isEditing, setEditing] = useState(false);
  const remove = useDeletion(() => navigate("/workspaces"));
  return (
    <>
      {chosen === workspace.id ? null : (
        <Button onClick={() => choose(workspace.id)}>{t("workspaces.workHere")}</Button>
      )}
      {mayChange(workspace) ? <Button onClick={() => setEditing(true)}>{t("common.edit")}</Button> : null}
      {mayDelete(workspace) ? (
        <Button danger onClick={() => remove(workspace)}>
          {t("common.delete")}
        </Button>
      ) : null}
      <WorkspaceDialog workspace={workspace} open={isEditing} onClose={() => setEditing(false)} />
    </>
  );
}
