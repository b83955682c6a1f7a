import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { project } from "../api/client.ts";
import { enginesQuery } from "../create/queries.ts";
import { Busy } from "../shared/Busy.tsx";
import { Page } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { useWorkspace } from "../shared/workspace.ts";
import { AlgorithmEditor } from "./AlgorithmEditor.tsx";
import { fromBody } from "./form/fromBody.ts";
import { copyName, EMPTY_ALGORITHM } from "./form/model.ts";
import { algorithmQuery } from "./queries.ts";

/** As it is when the page opens: what comes later does not change what somebody is editing. */
const ONCE = { staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false } as const;

/** A new algorithm: from nothing, or a copy (`?from=`). */
export function NewAlgorithmPage() {
  const { t } = useTranslation();
  const [search] = useSearchParams();
  const [workspace] = useWorkspace();
  const from = search.get("from") ?? "";
  const beginning = useQuery({
    queryKey: [project(), "algorithms", "beginning", from, workspace],
    queryFn: async ({ client }) => {
      if (from) {
        const form = fromBody(await client.fetchQuery(algorithmQuery(from)));
        return { ...form, name: copyName(form.name) };
      }
      const [engine] = await client.ensureQueryData(enginesQuery());
      return {
        ...EMPTY_ALGORITHM,
        workspace: workspace === "0" ? "" : workspace,
        engine: { ...EMPTY_ALGORITHM.engine, id: engine?.engine_id ?? "" },
      };
    },
    ...ONCE,
  });
  return (
    <Page title={t("algorithms.new")} above={<Link to="/algorithms">‹ {t("algorithms.title")}</Link>}>
      {beginning.data ? (
        <AlgorithmEditor key={from} beginning={beginning.data} id="" />
      ) : beginning.error ? (
        <Problem error={beginning.error} onRetry={() => void beginning.refetch()} />
      ) : (
        <Busy />
      )}
    </Page>
  );
}

/** An algorithm's definition, changed. */
export function EditAlgorithmPage() {
  const { t } = useTranslation();
  const { algorithmId = "" } = useParams();
  const beginning = useQuery({
    queryKey: [project(), "algorithms", algorithmId, "to-edit"],
    queryFn: async ({ client }) =>
      fromBody(await client.fetchQuery({ ...algorithmQuery(algorithmId), staleTime: 0 })),
    ...ONCE,
  });
  const name = beginning.data?.name ?? "";
  return (
    <Page
      title={name ? t("algorithms.editing", { name }) : t("algorithms.one")}
      above={<Link to={`/algorithms/${algorithmId}`}>‹ {name || t("algorithms.one")}</Link>}
    >
      {beginning.data ? (
        <AlgorithmEditor key={algorithmId} beginning={beginning.data} id={algorithmId} />
      ) : beginning.error ? (
        <Problem error={beginning.error} onRetry={() => void beginning.refetch()} />
      ) : (
        <Busy />
      )}
    </Page>
  );
}
