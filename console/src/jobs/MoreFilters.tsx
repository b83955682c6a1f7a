import { useQuery } from "@tanstack/react-query";
import { DatePicker, Form, Input, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { joined, parted } from "../shared/url.ts";
import styles from "./jobs.module.css";
import { enginesQuery, experimentNamesQuery, flavorsQuery, jobTagsQuery, poolsQuery } from "./queries.ts";
import type { JobFilters } from "./search.ts";

const RANGES = ["1d", "7d", "30d"] as const;
type Change = (change: Partial<JobFilters>) => void;

/** Creation time, owner, engine, algorithm, flavor, pool, experiment, tags. */
export function MoreFilters({ filters, onFilter }: { filters: JobFilters; onFilter: Change }) {
  const { t } = useTranslation();
  const engines = useQuery(enginesQuery()).data?.items ?? [];
  const flavors = useQuery(flavorsQuery()).data?.flavors ?? [];
  const pools = useQuery(poolsQuery()).data?.items ?? [];
  const experiments = useQuery(experimentNamesQuery()).data?.items ?? [];
  const tags = useQuery(jobTagsQuery()).data?.tags ?? [];
  const several = (name: keyof JobFilters, options: { value: string; label: string }[]) => (
    <Select
      id={`filter-${name}`}
      mode="multiple"
      allowClear={{ label: t("common.clear") }}
      optionFilterProp="label"
      value={parted(filters[name])}
      onChange={(values: string[]) => onFilter({ [name]: joined(values) })}
      options={options}
    />
  );
  return (
    <Form layout="vertical" size="small" className={styles.more as string}>
      <Form.Item label={t("jobs.col.created")} htmlFor="filter-created">
        <Created created={filters.created} onFilter={onFilter} />
      </Form.Item>
      <Form.Item label={t("jobs.col.owner")} htmlFor="filter-owner">
        <Kept
          id="filter-owner"
          value={filters.owner}
          disabled={filters.mine !== ""}
          onKeep={(owner) => onFilter({ owner })}
        />
      </Form.Item>
      <Form.Item label={t("jobs.col.engine")} htmlFor="filter-engine">
        {several(
          "engine",
          engines.map((one) => ({ value: one.engine_id, label: `${one.engine_name} ${one.engine_version}` })),
        )}
      </Form.Item>
      <Form.Item label={t("jobs.col.algorithm")} htmlFor="filter-algorithm">
        <Kept
          id="filter-algorithm"
          value={filters.algorithm}
          onKeep={(algorithm) => onFilter({ algorithm })}
        />
      </Form.Item>
      <Form.Item label={t("jobs.col.flavor")} htmlFor="filter-flavor">
        {several(
          "flavor",
          flavors.map((one) => ({ value: one.flavor_id, label: one.flavor_name })),
        )}
      </Form.Item>
      <Form.Item label={t("jobs.col.pool")} htmlFor="filter-pool">
        {several(
          "pool",
          pools.map((one) => ({ value: one.metadata.name, label: one.metadata.name })),
        )}
      </Form.Item>
      <Form.Item label={t("jobs.col.experiment")} htmlFor="filter-experiment">
        {several(
          "experiment",
          experiments.map((one) => ({ value: one.metadata.id, label: one.metadata.name })),
        )}
      </Form.Item>
      <Form.Item label={t("jobs.col.tags")} htmlFor="filter-tag">
        {several(
          "tag",
          tags
            .flatMap((tag) => [tag.key, ...tag.values.map((value) => `${tag.key}=${value}`)])
            .map((one) => ({ value: one, label: one })),
        )}
      </Form.Item>
    </Form>
  );
}

/** A text that filters once it is entered or left, not at every letter. */
function Kept({
  id,
  value,
  onKeep,
  disabled = false,
}: {
  id: string;
  value: string;
  onKeep: (value: string) => void;
  disabled?: boolean;
}) {
  return (
    <Input
      key={value}
      id={id}
      allowClear
      disabled={disabled}
      defaultValue={value}
      onPressEnter={(event) => onKeep(event.currentTarget.value.trim())}
      onBlur={(event) => event.target.value.trim() !== value && onKeep(event.target.value.trim())}
      onClear={() => onKeep("")}
    />
  );
}

function Created({ created, onFilter }: { created: string; onFilter: Change }) {
  const { t } = useTranslation();
  const exact = /^(\d+)-(\d+)$/.exec(created);
  return (
    <div className={styles.created}>
      <Select
        id="filter-created"
        allowClear={{ label: t("common.clear") }}
        value={RANGES.find((range) => range === created) ?? null}
        placeholder={t("jobs.anyTime")}
        onChange={(range?: string) => onFilter({ created: range ?? "" })}
        options={RANGES.map((range) => ({ value: range, label: t(`jobs.range.${range}`) }))}
      />
      <DatePicker.RangePicker
        showTime={{ format: "HH:mm" }}
        format="YYYY-MM-DD HH:mm"
        aria-label={t("jobs.col.created")}
        value={exact ? [dayjs(Number(exact[1])), dayjs(Number(exact[2]))] : null}
        onChange={(times) =>
          onFilter({ created: times?.[0] && times[1] ? `${times[0].valueOf()}-${times[1].valueOf()}` : "" })
        }
      />
    </div>
  );
}
