import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useSession } from "../api/session.tsx";
import { LiveMark } from "../jobs/LiveMark.tsx";
import { useJobChanges } from "../jobs/useJobChanges.ts";
import { Busy } from "../shared/Busy.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Id } from "../shared/Id.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { Page } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Ago } from "../shared/Times.tsx";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { ExperimentDialog } from "./ExperimentDialog.tsx";
import { ExperimentJobs } from "./ExperimentJobs.tsx";
import styles from "./experiments.module.css";
import { type Experiment, experimentJobsQuery, experimentQuery, MAY } from "./queries.ts";
import { useDeleteExperiment } from "./useDeleteExperiment.ts";

/** One experiment: its jobs, what differs between them, which did best. */
export function ExperimentPage() {
  const { experimentId = "" } = useParams();
  const { t } = useTranslation();
  const query = useQuery(experimentQuery(experimentId));
  const jobs = useQuery(experimentJobsQuery(experimentId));
  const live = useJobChanges();
  const experiment = query.data;
  const above = <Link to="/experiments">‹ {t("experiments.title")}</Link>;
  if (!experiment) return <WaitingPage title={t("experiments.one")} above={above} query={query} />;
  const { metadata } = experiment;
  return (
    <Page
      title={metadata.name}
      above={above}
      aside={
        <span className={styles.aside}>
          <Id id={metadata.id} />
          <span className="quiet small">
            {t("experiments.createdAt")} <Ago at={metadata.create_time} />
          </span>
          <LiveMark state={live} />
        </span>
      }
      actions={<Actions experiment={experiment} />}
    >
      {metadata.description ? <p className={styles.description}>{metadata.description}</p> : null}
      {jobs.error ? <Problem error={jobs.error} onRetry={() => void jobs.refetch()} /> : null}
      {jobs.data === undefined ? (
        jobs.error ? null : (
          <Busy />
        )
      ) : jobs.data.jobs.length === 0 ? (
        <Nothing
          title={t("experiments.noJobs")}
          hint={t("experiments.noJobsHint")}
          action={<CreateJob experiment={experiment} />}
        />
      ) : (
        <ExperimentJobs experiment={experiment} jobs={jobs.data.jobs} total={jobs.data.total} />
      )}
    </Page>
  );
}

function Actions({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const [isEditing, setEditing] = useState(false);
  const remove = useDeleteExperiment();
  return (
    <>
      {experiment.statistic.job_count > 0 ? <CreateJob experiment={experiment} /> : null}
      {may(MAY.update) ? <Button onClick={() => setEditing(true)}>{t("common.edit")}</Button> : null}
      {may(MAY.delete) ? (
        <Button danger onClick={() => remove(experiment)}>
          {t("common.delete")}
        </Button>
      ) : null}
      <ExperimentDialog open={isEditing} experiment={experiment} onClose={() => setEditing(false)} />
    </>
  );
}

function CreateJob({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation();
  const { may } = useSession();
  if (!may(MAY.run)) return null;
  return (
    <ButtonLink to={`/jobs/new?experiment=${experiment.metadata.id}`} type="primary">
      {t("experiments.createJob")}
    </ButtonLink>
  );
}
