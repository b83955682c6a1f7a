import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { useSession } from "../api/session.tsx";
import { LiveMark } from "../jobs/LiveMark.tsx";
import { jobQuery } from "../jobs/queries.ts";
import type { Job } from "../jobs/types.ts";
import { Busy } from "../shared/Busy.tsx";
import { Page } from "../shared/Page.tsx";
import { FINAL, Phase } from "../shared/Phase.tsx";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { Cause } from "./Cause.tsx";
import { JobActions } from "./JobActions.tsx";
import { JobName } from "./JobName.tsx";
import styles from "./job.module.css";
import { useJobStream } from "./useJobStream.ts";

export interface TabProps {
  job: Job;
}

const TABS = {
  overview: lazy(async () => ({ default: (await import("./overview/OverviewTab.tsx")).OverviewTab })),
  logs: lazy(async () => ({ default: (await import("./logs/LogsTab.tsx")).LogsTab })),
  events: lazy(async () => ({ default: (await import("./events/EventsTab.tsx")).EventsTab })),
  metrics: lazy(async () => ({ default: (await import("./metrics/MetricsTab.tsx")).MetricsTab })),
  resources: lazy(async () => ({ default: (await import("./resources/ResourcesTab.tsx")).ResourcesTab })),
  tasks: lazy(async () => ({ default: (await import("./tasks/TasksTab.tsx")).TasksTab })),
  shell: lazy(async () => ({ default: (await import("./shell/ShellTab.tsx")).ShellTab })),
  outputs: lazy(async () => ({ default: (await import("./outputs/OutputsTab.tsx")).OutputsTab })),
  config: lazy(async () => ({ default: (await import("./config/ConfigTab.tsx")).ConfigTab })),
} as const;
type TabName = keyof typeof TABS;

/** Tabs that fill the window instead of growing with what they show. */
const FULL: ReadonlySet<TabName> = new Set(["logs", "shell"]);

/** One job: how it is at the top, everything about it below in tabs. */
export function JobPage() {
  const { t } = useTranslation();
  const { jobId = "", tab = "overview" } = useParams();
  const query = useQuery(jobQuery(jobId));
  const job = query.data;
  if (!job)
    return (
      <WaitingPage title={t("job.title")} above={<Link to="/jobs">‹ {t("jobs.title")}</Link>} query={query} />
    );
  return <Known key={jobId} job={job} tab={tab in TABS ? (tab as TabName) : "overview"} />;
}

function Known({ job, tab }: { job: Job; tab: TabName }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = job.metadata.id;
  const phase = job.status?.phase ?? "Creating";
  const stream = useJobStream(id, FINAL.has(phase));
  const { may } = useSession();
  const mayShell = may("modelarts:trainJob:exec");
  const shown = tab === "shell" && !mayShell ? "overview" : tab;
  const tabs = (Object.keys(TABS) as TabName[]).filter(
    (key) => key !== "shell" || (mayShell && (phase === "Running" || tab === key)),
  );
  const Tab = TABS[shown];
  return (
    <Page
      title={job.metadata.name}
      above={<Link to="/jobs">‹ {t("jobs.title")}</Link>}
      aside={
        <span className={styles.aside}>
          <JobName job={job} />
          <Phase phase={phase} />
          {FINAL.has(phase) ? null : <LiveMark state={stream} />}
        </span>
      }
      actions={<JobActions job={job} />}
      full={FULL.has(shown)}
    >
      <Cause job={job} brief={shown !== "overview"} />
      <Tabs
        className={styles.tabs as string}
        activeKey={shown}
        onChange={(key) => void navigate(key === "overview" ? `/jobs/${id}` : `/jobs/${id}/${key}`)}
        items={tabs.map((key) => ({ key, label: t(`job.tab.${key}`) }))}
      />
      <div className={styles.tab} data-full={FULL.has(shown) || undefined}>
        <Suspense fallback={<Busy />}>
          <Tab job={job} />
        </Suspense>
      </div>
    </Page>
  );
}
