import { useQuery } from "@tanstack/react-query";
import { Alert, Tabs } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useSession } from "../api/session.tsx";
import { below } from "../create/form/model.ts";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Facts } from "../shared/Facts.tsx";
import { bytes, count } from "../shared/format.ts";
import { Id } from "../shared/Id.tsx";
import { ObjectPath } from "../shared/ObjectPath.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Exact } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { workspacesQuery } from "../shared/workspace.ts";
import styles from "./algorithms.module.css";
import { Definition } from "./Definition.tsx";
import { fromBody } from "./form/fromBody.ts";
import { JobsMade } from "./JobsMade.tsx";
import { MoreActions } from "./MoreActions.tsx";
import { engineName } from "./names.ts";
import { type Algorithm, algorithmQuery, jobCountQuery, MAY } from "./queries.ts";

/** One algorithm: what it runs, what it takes, and the jobs made of it. */
export function AlgorithmPage() {
  const { algorithmId = "" } = useParams();
  const { t } = useTranslation();
  const [url, setUrl] = useUrlState({ tab: "definition" });
  const query = useQuery(algorithmQuery(algorithmId));
  const jobs = useQuery(jobCountQuery(algorithmId));
  const algorithm = query.data;
  const above = <Link to="/algorithms">‹ {t("algorithms.title")}</Link>;
  if (!algorithm) return <WaitingPage title={t("algorithms.one")} above={above} query={query} />;
  const tab = url.tab === "jobs" ? "jobs" : "definition";
  const number = jobs.data === undefined ? "" : ` ${count(jobs.data)}`;
  return (
    <Page
      title={algorithm.metadata.name}
      above={above}
      aside={<Id id={algorithm.metadata.id} />}
      actions={<Actions algorithm={algorithm} />}
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      {algorithm.metadata.is_valid === false ? (
        <Alert
          type="warning"
          showIcon
          title={t("algorithms.unusable")}
          description={t("algorithms.unusableHint")}
        />
      ) : null}
      <Tabs
        className={styles.tabs as string}
        activeKey={tab}
        onChange={(chosen) => setUrl({ tab: chosen }, { push: true })}
        items={[
          { key: "definition", label: t("algorithms.definition") },
          { key: "jobs", label: `${t("algorithms.jobs")}${number}` },
        ]}
      />
      {tab === "jobs" ? <JobsMade algorithm={algorithm} /> : <Whole algorithm={algorithm} />}
    </Page>
  );
}

function Whole({ algorithm }: { algorithm: Algorithm }) {
  const { t } = useTranslation();
  const { metadata } = algorithm;
  const form = useMemo(() => fromBody(algorithm), [algorithm]);
  const workspaces = useQuery(workspacesQuery()).data?.workspaces ?? [];
  const workspace = workspaces.find((one) => one.id === metadata.workspace_id);
  return (
    <>
      <Section>
        {metadata.description ? <p className={styles.description}>{metadata.description}</p> : null}
        <Facts
          items={[
            [t("algorithms.engine"), engineName(form.engine) || t("algorithms.noEngine")],
            [t("algorithms.codeDir"), <ObjectPath key="code" path={form.codeDir} />],
            form.source === "command"
              ? [
                  t("algorithms.command"),
                  <code key="command" className={`mono ${styles.command}`}>
                    {form.command}
                  </code>,
                ]
              : [
                  t("algorithms.bootFile"),
                  <BootFile key="boot" codeDir={form.codeDir} file={form.bootFile} />,
                ],
            metadata.size ? [t("algorithms.size"), bytes(metadata.size)] : null,
            workspaces.length > 1
              ? [t("algorithms.workspace"), workspace?.name ?? metadata.workspace_id]
              : null,
            [t("algorithms.owner"), metadata.user_name],
            [t("algorithms.createdAt"), <Exact key="created" at={metadata.create_time} />],
            [t("algorithms.updated"), <Exact key="updated" at={metadata.update_time} />],
            [t("algorithms.version"), count(metadata.version_num ?? 0)],
          ]}
        />
      </Section>
      <Definition form={form} />
    </>
  );
}

function BootFile({ codeDir, file }: { codeDir: string; file: string }) {
  const { t } = useTranslation();
  const whole = below(codeDir, file);
  return whole.startsWith("obs://") ? (
    <Link
      className="mono"
      to={`/objects/${whole.slice("obs://".length).split("/").map(encodeURIComponent).join("/")}`}
      title={t("algorithms.openFile")}
    >
      {file}
    </Link>
  ) : (
    <span className="mono">{file}</span>
  );
}

function Actions({ algorithm }: { algorithm: Algorithm }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { id } = algorithm.metadata;
  return (
    <>
      {may(MAY.run) ? (
        <ButtonLink to={`/jobs/new?algorithm=${id}`} type="primary">
          {t("algorithms.createJob")}
        </ButtonLink>
      ) : null}
      {may(MAY.update) ? <ButtonLink to={`/algorithms/${id}/edit`}>{t("common.edit")}</ButtonLink> : null}
      <MoreActions algorithm={algorithm} />
    </>
  );
}
