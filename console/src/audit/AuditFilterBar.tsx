import { useQuery } from "@tanstack/react-query";
import { AutoComplete, Button, DatePicker, Select } from "antd";
import dayjs from "dayjs";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { namesQuery } from "../workspaces/queries.ts";
import { type AuditFilters, isNarrowed, NO_FILTERS, OUTCOMES } from "./filters.ts";
import { KINDS, OPERATIONS } from "./operations.ts";

const RANGES = ["1d", "7d", "30d"] as const;
/** Two times are still to be chosen. */
const OWN = "own";

interface AuditFilterBarProps {
  filters: AuditFilters;
  onFilter: (change: Partial<AuditFilters>) => void;
}

/** Who, what, about what, with what result, when. */
export function AuditFilterBar({ filters, onFilter }: AuditFilterBarProps) {
  const { t } = useTranslation();
  const users = useQuery(namesQuery()).data ?? [];
  return (
    <>
      <Kept
        label={t("audit.user")}
        value={filters.user}
        options={users.map((user) => ({ value: user.userName, label: user.userName }))}
        onKeep={(user) => onFilter({ user })}
        width={150}
      />
      <Select
        allowClear={{ label: t("common.clear") }}
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("audit.operation")}
        placeholder={t("audit.operation")}
        style={{ width: 210 }}
        popupMatchSelectWidth={300}
        value={filters.operation || null}
        onChange={(operation: string | undefined) => onFilter({ operation: operation ?? "" })}
        options={OPERATIONS.map((operation) => ({ value: operation, label: t(`audit.op.${operation}`) }))}
      />
      <Kept
        label={t("audit.resource")}
        value={filters.resource}
        options={KINDS.map((kind) => ({ value: kind, label: t(`audit.kind.${kind}`) }))}
        onKeep={(resource) => onFilter({ resource })}
        width={190}
      />
      <Select
        allowClear={{ label: t("common.clear") }}
        aria-label={t("audit.outcome")}
        placeholder={t("audit.outcome")}
        style={{ width: 120 }}
        value={filters.outcome || null}
        onChange={(outcome: string | undefined) => onFilter({ outcome: outcome ?? "" })}
        options={OUTCOMES.map((outcome) => ({ value: outcome, label: t(`audit.outcomes.${outcome}`) }))}
      />
      <Times time={filters.time} onTime={(time) => onFilter({ time })} />
      {isNarrowed(filters) ? (
        <Button type="link" onClick={() => onFilter(NO_FILTERS)}>
          {t("jobs.clearFilters")}
        </Button>
      ) : null}
    </>
  );
}

interface KeptProps {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onKeep: (value: string) => void;
  width: number;
}

/** A text with suggestions; it filters when it is chosen, entered or left, not at every letter. */
function Kept({ label, value, options, onKeep, width }: KeptProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const keep = (wanted: string) => {
    if (wanted.trim() !== value) onKeep(wanted.trim());
  };
  return (
    <AutoComplete
      allowClear={{ label: t("common.clear") }}
      aria-label={label}
      placeholder={label}
      style={{ width }}
      popupMatchSelectWidth={220}
      value={text}
      options={options.filter(
        (one) => one.label.toLowerCase().includes(text.toLowerCase()) || one.value.includes(text),
      )}
      onChange={(typed: string | undefined) => setText(typed ?? "")}
      onSelect={(chosen) => keep(chosen ?? "")}
      onClear={() => keep("")}
      onBlur={() => keep(text)}
      onInputKeyDown={(event) => {
        if (event.key === "Enter" && !event.currentTarget.getAttribute("aria-activedescendant")) keep(text);
      }}
    />
  );
}

/** A range that ends now, or two times of one's own choice. */
function Times({ time, onTime }: { time: string; onTime: (time: string) => void }) {
  const { t } = useTranslation();
  const exact = /^(\d+)-(\d+)$/.exec(time);
  return (
    <>
      <Select
        allowClear={{ label: t("common.clear") }}
        aria-label={t("audit.time")}
        placeholder={t("jobs.anyTime")}
        style={{ width: 140 }}
        value={RANGES.find((range) => range === time) ?? (time ? OWN : null)}
        onChange={(range: string | undefined) => onTime(range ?? "")}
        options={[
          ...RANGES.map((range) => ({ value: range, label: t(`jobs.range.${range}`) })),
          { value: OWN, label: t("audit.ownRange") },
        ]}
      />
      {exact || time === OWN ? (
        <DatePicker.RangePicker
          showTime={{ format: "HH:mm" }}
          format="YYYY-MM-DD HH:mm"
          aria-label={t("audit.time")}
          value={exact ? [dayjs(Number(exact[1])), dayjs(Number(exact[2]))] : null}
          onChange={(times) =>
            onTime(times?.[0] && times[1] ? `${times[0].valueOf()}-${times[1].valueOf()}` : OWN)
          }
        />
      ) : null}
    </>
  );
}
