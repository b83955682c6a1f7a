import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { LiveMark } from "../jobs/LiveMark.tsx";
import { useJobChanges } from "../jobs/useJobChanges.ts";
import { Busy } from "../shared/Busy.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Counts } from "./Counts.tsx";
import { JobLines } from "./JobLines.tsx";
import styles from "./overview.module.css";
import { PoolRooms } from "./PoolRooms.tsx";
import { Quotas } from "./Quotas.tsx";
import { type Overview, overviewQuery } from "./queries.ts";

const FEW = 2;

/** What runs, what waits and why, what failed, how full the pools are. */
export function OverviewPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const live = useJobChanges();
  const query = useQuery(overviewQuery());
  const overview = query.data;
  const isNew = overview !== undefined && Object.values(overview.counts).every((count) => count === 0);
  // What waits stands in the column with more room, the quota in the other.
  const failsOften = (overview?.failed.jobs.length ?? 0) > FEW;
  return (
    <Page title={t("overview.title")} aside={<LiveMark state={live} />}>
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isPending && !query.error ? <Busy /> : null}
      {overview ? (
        <>
          <Counts counts={overview.counts} mine={overview.my_counts} />
          {isNew ? (
            <Section>
              <Nothing
                title={t("overview.welcome")}
                hint={t("overview.welcomeHint")}
                action={
                  may("modelarts:trainJob:create") ? (
                    <ButtonLink to="/jobs/new" type="primary">
                      {t("shell.create")}
                    </ButtonLink>
                  ) : null
                }
              />
            </Section>
          ) : (
            <div className={styles.columns}>
              <div className={styles.column}>
                <Section
                  title={t("overview.mine")}
                  extra={<Link to="/jobs?mine=1">{t("overview.all")}</Link>}
                >
                  <JobLines jobs={overview.latest} empty={t("overview.noneOfMine")} />
                </Section>
                {failsOften ? <Waiting overview={overview} /> : <MyQuota overview={overview} />}
              </div>
              <div className={styles.column}>
                <Section
                  title={t("overview.failed", { count: overview.failed.count })}
                  extra={<Link to="/jobs?phase=Failed,Abnormal&created=7d">{t("overview.all")}</Link>}
                >
                  <JobLines jobs={overview.failed.jobs} empty={t("overview.noFailure")} causes />
                </Section>
                {failsOften ? <MyQuota overview={overview} /> : <Waiting overview={overview} />}
              </div>
            </div>
          )}
          {overview.pools_unavailable ? <p className="warn">{overview.pools_unavailable}</p> : null}
          <PoolRooms overview={overview} />
        </>
      ) : null}
    </Page>
  );
}

/** Nothing for who has no limit. */
function MyQuota({ overview: { quotas } }: { overview: Overview }) {
  const { t } = useTranslation();
  return quotas?.some((quota) => quota.quota >= 0) ? (
    <Section title={t("overview.quota")}>
      <Quotas quotas={quotas} />
    </Section>
  ) : null;
}

function Waiting({ overview: { waiting } }: { overview: Overview }) {
  const { t } = useTranslation();
  return (
    <Section
      title={t("overview.waiting", { count: waiting.count })}
      extra={<Link to="/jobs?phase=Pending">{t("overview.all")}</Link>}
    >
      <JobLines jobs={waiting.jobs} empty={t("overview.noneWaits")} />
    </Section>
  );
}
