import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client.ts";
import { type Column, DataList } from "../../shared/DataList.tsx";
import { bytes, measure } from "../../shared/format.ts";
import { ObjectPath } from "../../shared/ObjectPath.tsx";
import { Section } from "../../shared/Page.tsx";
import { Ago } from "../../shared/Times.tsx";
import { checkpointsQuery } from "../queries.ts";

type Checkpoint = Schemas["CheckpointItem"];

/** The checkpoints that were found in the outputs; nothing when there are none. */
export function Checkpoints({ id }: { id: string }) {
  const { t } = useTranslation();
  const query = useQuery(checkpointsQuery(id));
  if (!query.data || query.data.items.length === 0) return null;
  const columns: Column<Checkpoint>[] = [
    {
      key: "path",
      title: t("job.checkpoint.name"),
      fixed: true,
      render: (one) =>
        one.obs_url ? <ObjectPath path={one.obs_url} /> : <span className="mono">{one.path}</span>,
    },
    {
      key: "state",
      title: t("job.task.state"),
      render: (one) => (
        <span className={one.state === "complete" ? "good" : "warn"} title={one.detail}>
          {t(`job.checkpoint.${one.state}`)}
        </span>
      ),
    },
    { key: "step", title: t("charts.step"), align: "right", render: (one) => one.step ?? one.epoch ?? "–" },
    {
      key: "metrics",
      title: t("job.tab.metrics"),
      render: (one) =>
        Object.entries(one.metrics)
          .map(([name, value]) => `${name} ${measure(value)}`)
          .join(" · "),
    },
    { key: "kind", title: t("job.checkpoint.kind"), render: (one) => one.kind },
    { key: "size", title: t("job.checkpoint.size"), align: "right", render: (one) => bytes(one.size) },
    {
      key: "time",
      title: t("job.checkpoint.time"),
      align: "right",
      render: (one) => <Ago at={one.update_time} />,
    },
  ];
  return (
    <Section title={t("job.checkpoint.title")}>
      <DataList<Checkpoint>
        columns={columns}
        rowKey={(one) => `${one.output}/${one.path}`}
        query={{ data: query.data, error: null }}
        empty={null}
      />
    </Section>
  );
}
