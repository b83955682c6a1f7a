import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { jobsQuery } from "../jobs/queries.ts";
import { jobSearch, NO_FILTERS } from "../jobs/search.ts";
import { idOf } from "../jobs/types.ts";
import { Phase } from "../shared/Phase.tsx";
import { useWorkspace } from "../shared/workspace.ts";

/** Finds another job by name and puts it beside the others. */
export function AddJob({ taken, onAdd }: { taken: readonly string[]; onAdd: (id: string) => void }) {
  const { t } = useTranslation();
  const [workspace] = useWorkspace();
  const [text, setText] = useState("");
  const search = jobSearch({ q: text, offset: 0, size: 20, sort: "", order: "desc" }, NO_FILTERS, {
    me: "",
    workspace,
    now: 0,
  });
  const found = useQuery(jobsQuery(search)).data?.items ?? [];
  return (
    <Select
      showSearch={{ filterOption: false, onSearch: setText }}
      style={{ width: 240 }}
      value={null}
      placeholder={t("compare.add")}
      aria-label={t("compare.add")}
      onSelect={(id) => id && onAdd(id)}
      options={found
        .filter((job) => !taken.includes(idOf(job)))
        .map((job) => ({
          value: idOf(job),
          label: (
            <span style={{ display: "flex", justifyContent: "space-between", gap: 8 }}>
              {job.metadata.name}
              <Phase phase={job.status?.phase ?? "Creating"} />
            </span>
          ),
        }))}
    />
  );
}
