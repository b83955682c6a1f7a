import { FilterOutlined } from "@ant-design/icons";
import { Badge, Button, Popover, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { PHASES, Phase } from "../shared/Phase.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { joined, parted } from "../shared/url.ts";
import styles from "./jobs.module.css";
import { MoreFilters } from "./MoreFilters.tsx";
import { countFilters, type JobFilters, NO_FILTERS } from "./search.ts";

interface FilterBarProps {
  q: string;
  filters: JobFilters;
  onSearch: (q: string) => void;
  onFilter: (change: Partial<JobFilters>) => void;
}

/** Search, the filters one uses daily, and the others behind one button. */
export function JobFilterBar({ q, filters, onSearch, onFilter }: FilterBarProps) {
  const { t } = useTranslation();
  const behind = countFilters({ ...filters, phase: "", mine: "" });
  return (
    <>
      <SearchField value={q} onSearch={onSearch} placeholder={t("jobs.search")} />
      <Select
        mode="multiple"
        allowClear={{ label: t("common.clear") }}
        maxTagCount={1}
        maxTagPlaceholder={(others) => `+${others.length}`}
        className={styles.phases as string}
        placeholder={t("jobs.allPhases")}
        aria-label={t("jobs.col.phase")}
        value={parted(filters.phase)}
        onChange={(phases: string[]) => onFilter({ phase: joined(phases) })}
        options={PHASES.map((phase) => ({ value: phase, label: <Phase phase={phase} /> }))}
      />
      <span className={styles.mine}>
        <Switch
          id="only-mine"
          size="small"
          checked={filters.mine !== ""}
          onChange={(mine) => onFilter({ mine: mine ? "1" : "" })}
        />
        <label htmlFor="only-mine">{t("jobs.onlyMine")}</label>
      </span>
      <Popover
        trigger="click"
        placement="bottomLeft"
        content={<MoreFilters filters={filters} onFilter={onFilter} />}
      >
        <Badge count={behind} size="small" color="var(--accent)">
          <Button icon={<FilterOutlined />}>{t("jobs.filters")}</Button>
        </Badge>
      </Popover>
      {countFilters(filters) > 0 ? (
        <Button type="link" onClick={() => onFilter(NO_FILTERS)}>
          {t("jobs.clearFilters")}
        </Button>
      ) : null}
    </>
  );
}
