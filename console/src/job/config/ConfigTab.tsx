import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data, inProject } from "../../api/client.ts";
import { useSession } from "../../api/session.tsx";
import { jobKeys } from "../../jobs/queries.ts";
import { engineOf, poolOf } from "../../jobs/types.ts";
import { ButtonLink } from "../../shared/ButtonLink.tsx";
import { CodeBlock } from "../../shared/CodeBlock.tsx";
import { CopyButton } from "../../shared/CopyButton.tsx";
import { Facts } from "../../shared/Facts.tsx";
import { ObjectPath } from "../../shared/ObjectPath.tsx";
import { Section } from "../../shared/Page.tsx";
import { Problem } from "../../shared/Problem.tsx";
import type { TabProps } from "../JobPage.tsx";
import { NameValues } from "./NameValues.tsx";
import { Tags } from "./Tags.tsx";

/** With what the job was created: the parts in words, and the request that would make it again. */
export function ConfigTab({ job }: TabProps) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { algorithm } = job;
  const resource = job.spec?.resource;
  const request = useQuery({
    queryKey: [...jobKeys.one(job.metadata.id), "request"],
    queryFn: () =>
      data(
        api.GET("/v2/{project_id}/training-jobs/{training_job_id}/request", {
          params: { path: inProject({ training_job_id: job.metadata.id }) },
        }),
      ),
  });
  const text = request.data ? JSON.stringify(request.data, null, 2) : "";
  return (
    <>
      <Section title={t("job.config.source")}>
        <Facts
          items={[
            [t("jobs.col.engine"), engineOf(job)],
            algorithm.id
              ? [
                  t("jobs.col.algorithm"),
                  <Link key="a" to={`/algorithms/${algorithm.id}`}>
                    {algorithm.name ?? algorithm.id}
                  </Link>,
                ]
              : null,
            algorithm.code_dir
              ? [t("job.config.code"), <ObjectPath key="c" path={algorithm.code_dir} />]
              : null,
            algorithm.boot_file
              ? [t("job.config.boot"), <ObjectPath key="b" path={algorithm.boot_file} />]
              : null,
            algorithm.command
              ? [
                  t("job.config.command"),
                  <code key="m" className="mono">
                    {algorithm.command}
                  </code>,
                ]
              : null,
          ]}
        />
      </Section>
      <Section title={t("job.config.data")}>
        <Channels title={t("job.config.inputs")} channels={algorithm.inputs ?? []} />
        <Channels title={t("job.config.outputs")} channels={algorithm.outputs ?? []} />
      </Section>
      <Section title={t("job.config.parameters")}>
        <NameValues pairs={algorithm.parameters ?? []} empty={t("job.config.noParameters")} />
      </Section>
      <Section title={t("job.config.environment")}>
        <NameValues pairs={environment(algorithm.environments)} empty={t("job.config.noEnvironment")} />
      </Section>
      <Section title={t("jobs.col.resources")}>
        <Facts
          items={[
            [t("jobs.col.flavor"), resource?.flavor_name],
            [t("job.config.nodes"), resource?.node_count],
            [t("jobs.col.pool"), poolOf(job) || t("job.config.publicPool")],
            [t("jobs.col.priority"), job.spec?.schedule_policy?.priority ?? 1],
          ]}
        />
      </Section>
      <Tags id={job.metadata.id} />
      <Section title={t("job.config.request")} extra={text ? <CopyButton text={text} /> : null}>
        {request.error ? <Problem error={request.error} /> : null}
        <CodeBlock label={t("job.config.request")} text={text} />
        {may("modelarts:trainJob:create") ? (
          <div>
            <ButtonLink to={`/jobs/new?from=${job.metadata.id}`}>{t("jobs.rebuild")}</ButtonLink>
          </div>
        ) : null}
      </Section>
    </>
  );
}

type Channel = NonNullable<TabProps["job"]["algorithm"]["inputs"]>[number];

function Channels({ title, channels }: { title: string; channels: readonly Channel[] }) {
  const { t } = useTranslation();
  return (
    <div>
      <h3 className="quiet small">{title}</h3>
      {channels.length === 0 ? <span className="quiet">{t("job.config.none")}</span> : null}
      <Facts
        items={channels.map((channel) => {
          const dataset = channel.remote?.dataset;
          return [
            channel.name,
            dataset?.id ? (
              <Link key={channel.name} to={`/datasets/${dataset.id}`}>
                {[dataset.name ?? dataset.id, dataset.version_name ?? dataset.version_id]
                  .filter(Boolean)
                  .join(" · ")}
              </Link>
            ) : (
              <ObjectPath key={channel.name} path={channel.remote?.obs?.obs_url ?? ""} />
            ),
          ] as const;
        })}
      />
    </div>
  );
}

function environment(given: TabProps["job"]["algorithm"]["environments"]): { name: string; value: string }[] {
  if (!given) return [];
  return Array.isArray(given) ? given : Object.entries(given).map(([name, value]) => ({ name, value }));
}
