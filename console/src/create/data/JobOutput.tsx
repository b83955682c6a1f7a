import { useQuery } from "@tanstack/react-query";
import { Input, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { shortId } from "../../shared/format.ts";
import { FoundSelect } from "../FoundSelect.tsx";
import { jobsQuery } from "../queries.ts";
import { useDebounced } from "../useDebounced.ts";

/** What another job has written; the output's name may be left out when it has one only. */
export function JobOutput({
  job,
  output,
  label,
  isWrong,
  onChange,
}: {
  job: string;
  output: string;
  label: string;
  isWrong: boolean;
  onChange: (job: string, output: string) => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const found = useQuery(jobsQuery(useDebounced(typed, 300)));
  const status = isWrong ? { status: "error" as const } : {};
  return (
    <Space.Compact block>
      <FoundSelect
        aria-label={label}
        {...status}
        style={{ flex: 1, minWidth: 0 }}
        value={job}
        found={(found.data ?? []).map((one) => ({ value: one.metadata.id, label: one.metadata.name }))}
        chosen={job ? { value: job, label: shortId(job) } : undefined}
        allowClear={{ label: t("common.clear") }}
        loading={found.isFetching}
        placeholder={t("create.data.chooseJob")}
        onSearch={setTyped}
        onChange={(id) => onChange(id, output)}
      />
      <Input
        aria-label={t("create.data.jobOutput")}
        style={{ width: 132 }}
        value={output}
        placeholder={t("create.data.jobOutput")}
        onChange={(event) => onChange(job, event.target.value.trim())}
      />
    </Space.Compact>
  );
}
