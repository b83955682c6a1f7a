import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { JobDuration } from "../../jobs/columns.tsx";
import { engineOf } from "../../jobs/types.ts";
import { Facts } from "../../shared/Facts.tsx";
import { Section } from "../../shared/Page.tsx";
import { Exact } from "../../shared/Times.tsx";
import { EventLines } from "../events/EventLines.tsx";
import type { TabProps } from "../JobPage.tsx";
import { eventsQuery } from "../queries.ts";
import { OverviewCharts } from "./OverviewCharts.tsx";

const LAST_EVENTS = 6;

/** What one wants to know at a glance: the numbers, the curves, the last events. */
export function OverviewTab({ job }: TabProps) {
  const { t } = useTranslation();
  const id = job.metadata.id;
  const resource = job.spec?.resource;
  const experiment = job.metadata.training_experiment_reference;
  const query = useInfiniteQuery(eventsQuery(id, { level: "", source: "", pattern: "", order: "desc" }));
  const events = (query.data?.pages[0]?.events ?? []).slice(0, LAST_EVENTS).reverse();
  return (
    <>
      <Section>
        <Facts
          items={[
            [t("jobs.col.duration"), <JobDuration key="d" job={job} />],
            [t("job.task.started"), <Exact key="s" at={job.status?.start_time} />],
            [t("job.ended"), <Exact key="e" at={job.status?.end_time} />],
            [t("jobs.col.created"), <Exact key="c" at={job.metadata.create_time} />],
            [t("jobs.col.owner"), job.metadata.user_name],
            [t("jobs.col.engine"), engineOf(job)],
            [
              t("jobs.col.resources"),
              `${resource?.flavor_name ?? ""} × ${t("jobs.nodes", { count: resource?.node_count ?? 1 })}`,
            ],
            [t("jobs.col.attempts"), job.status?.attempt ?? 1],
            experiment
              ? [
                  t("jobs.col.experiment"),
                  <Link key="x" to={`/experiments/${experiment.id}`}>
                    {experiment.name}
                  </Link>,
                ]
              : null,
            job.metadata.description ? [t("jobs.col.description"), job.metadata.description] : null,
          ]}
        />
      </Section>
      <OverviewCharts job={job} />
      <Section
        title={t("job.lastEvents")}
        extra={<Link to={`/jobs/${id}/events`}>{t("job.allEvents")}</Link>}
      >
        <EventLines events={events} isAscending />
      </Section>
    </>
  );
}
