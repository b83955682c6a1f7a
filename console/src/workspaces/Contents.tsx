import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Facts } from "../shared/Facts.tsx";
import { count } from "../shared/format.ts";
import { Problem } from "../shared/Problem.tsx";
import { type Contents, contentsQuery } from "./queries.ts";

const PARTS = [
  "jobs",
  "algorithms",
  "experiments",
  "datasets",
  "pools",
] as const satisfies readonly (keyof Contents)[];

/** How much lies in a workspace, by kind. */
export function ContentFacts({ workspace }: { workspace: string }) {
  const { t } = useTranslation();
  const query = useQuery(contentsQuery(workspace));
  if (query.error && !query.data) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Facts
      items={PARTS.map((part) => [
        t(`workspaces.part.${part}`),
        <span key={part} className="tabular">
          {query.data ? count(query.data[part]) : "–"}
        </span>,
      ])}
    />
  );
}

/** The same in a sentence, before it is deleted. */
export function WhatLiesIn({ workspace }: { workspace: string }) {
  const { t } = useTranslation();
  const contents = useQuery(contentsQuery(workspace)).data;
  if (!contents) return null;
  const parts = PARTS.filter((part) => contents[part] > 0).map(
    (part) => `${t(`workspaces.part.${part}`)}: ${count(contents[part])}`,
  );
  if (parts.length === 0) return <p>{t("workspaces.isEmpty")}</p>;
  return <p className="warn">{t("workspaces.notEmpty", { parts: parts.join(t("workspaces.comma")) })}</p>;
}
