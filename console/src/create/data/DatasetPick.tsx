import { useQuery } from "@tanstack/react-query";
import { Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { bytes, count } from "../../shared/format.ts";
import { FoundSelect } from "../FoundSelect.tsx";
import { datasetQuery, datasetsQuery, datasetVersionsQuery } from "../queries.ts";
import { useDebounced } from "../useDebounced.ts";

/** A registered dataset and one of its versions; without one, the newest. */
export function DatasetPick({
  dataset,
  version,
  label,
  isWrong,
  onChange,
}: {
  dataset: string;
  version: string;
  label: string;
  isWrong: boolean;
  onChange: (dataset: string, version: string) => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const found = useQuery(datasetsQuery(useDebounced(typed, 300)));
  const chosen = useQuery(datasetQuery(dataset));
  const versions = useQuery(datasetVersionsQuery(dataset));
  const status = isWrong ? { status: "error" as const } : {};
  return (
    <Space.Compact block>
      <FoundSelect
        aria-label={label}
        {...status}
        style={{ flex: 1, minWidth: 0 }}
        value={dataset}
        found={(found.data ?? []).map((one) => ({ value: one.dataset_id, label: one.dataset_name }))}
        chosen={chosen.data && { value: dataset, label: chosen.data.dataset_name }}
        allowClear={{ label: t("common.clear") }}
        loading={found.isFetching}
        placeholder={t("create.data.chooseDataset")}
        notFoundContent={t("create.data.noDatasets")}
        onSearch={setTyped}
        onChange={(id) => onChange(id, "")}
      />
      {dataset ? (
        <Select<string>
          aria-label={t("create.data.version")}
          style={{ width: 132 }}
          value={version}
          popupMatchSelectWidth={false}
          options={[
            { value: "", label: t("create.data.newest") },
            ...(versions.data ?? []).map((one) => ({
              value: one.version_id,
              label: one.version_name,
              disabled: one.state !== "ready",
              size: `${count(one.total_sample_count)} · ${bytes(one.data_size)}`,
            })),
          ]}
          optionRender={(option) => (
            <>
              {option.label} <span className="quiet">{"size" in option.data ? option.data.size : ""}</span>
            </>
          )}
          onChange={(chosenVersion) => onChange(dataset, chosenVersion)}
        />
      ) : null}
    </Space.Compact>
  );
}
