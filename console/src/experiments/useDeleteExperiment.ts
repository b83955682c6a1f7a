import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, inProject } from "../api/client.ts";
import { jobKeys } from "../jobs/queries.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { forget } from "../shared/forget.ts";
import { useNotice } from "../shared/notice.tsx";
import { type Experiment, experimentsKey } from "./queries.ts";

/** Asks, then deletes an experiment and goes back to the list. */
export function useDeleteExperiment(): (experiment: Experiment) => void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done } = useNotice();
  return ({ metadata, statistic }) =>
    confirm({
      title: t("experiments.deleteTitle", { name: metadata.name }),
      content: t("experiments.deleteHint", { count: statistic.job_count }),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/training-experiments/{experiment_id}", {
          params: { path: inProject({ experiment_id: metadata.id }) },
        });
        done(t("experiments.deleted", { name: metadata.name }));
        await navigate("/experiments");
        await Promise.all([
          forget(queries, experimentsKey(), metadata.id),
          queries.invalidateQueries({ queryKey: jobKeys.all() }),
        ]);
      },
    });
}
