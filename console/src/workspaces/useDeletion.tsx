import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { forget } from "../shared/forget.ts";
import { useNotice } from "../shared/notice.tsx";
import { useWorkspace } from "../shared/workspace.ts";
import { WhatLiesIn } from "./Contents.tsx";
import { type WorkspaceItem, workspaceKeys } from "./queries.ts";

/** Asks, says what lies in the workspace, and deletes it; `onDone` afterwards. */
export function useDeletion(onDone: () => unknown = () => {}) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const notice = useNotice();
  const queries = useQueryClient();
  const [chosen, choose] = useWorkspace();
  return (workspace: WorkspaceItem) =>
    confirm({
      title: t("workspaces.deleteTitle", { name: workspace.name }),
      content: (
        <>
          <p>{t("workspaces.deleteHint")}</p>
          <WhatLiesIn workspace={workspace.id} />
        </>
      ),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v1/{project_id}/workspaces/{workspace_id}", {
          params: { path: inProject({ workspace_id: workspace.id }) },
        });
        if (chosen === workspace.id) choose("");
        notice.done(t("workspaces.deleted", { name: workspace.name }));
        await onDone();
        await Promise.all([
          forget(queries, [...workspaceKeys.all(), "one"], workspace.id),
          queries.invalidateQueries({ queryKey: [...workspaceKeys.all(), "list"] }),
          queries.invalidateQueries({ queryKey: [...workspaceKeys.all(), "names"] }),
        ]);
      },
    });
}
