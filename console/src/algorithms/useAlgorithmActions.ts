import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, inProject } from "../api/client.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { forget } from "../shared/forget.ts";
import { count } from "../shared/format.ts";
import { useNotice } from "../shared/notice.tsx";
import { type Algorithm, algorithmsKey, jobCountQuery } from "./queries.ts";

/** What can be done to an algorithm from its row and from its page. */
export function useAlgorithmActions() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done, failed } = useNotice();

  async function remove({ metadata }: Algorithm): Promise<void> {
    const { id, name } = metadata;
    let jobs: number;
    try {
      jobs = await queries.fetchQuery(jobCountQuery(id));
    } catch (error) {
      failed(error);
      return;
    }
    confirm({
      title: t("algorithms.deleteTitle", { name }),
      content: t(jobs > 0 ? "algorithms.deleteHintJobs" : "algorithms.deleteHint", { n: count(jobs) }),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/algorithms/{algorithm_id}", {
          params: { path: inProject({ algorithm_id: id }) },
        });
        done(t("algorithms.deleted", { name }));
        await navigate("/algorithms");
        await forget(queries, algorithmsKey(), id);
      },
    });
  }

  return {
    edit: ({ metadata }: Algorithm) => void navigate(`/algorithms/${metadata.id}/edit`),
    copy: ({ metadata }: Algorithm) => void navigate(`/algorithms/new?from=${metadata.id}`),
    remove: (algorithm: Algorithm) => void remove(algorithm),
  };
}
