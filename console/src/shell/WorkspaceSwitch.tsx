import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { useWorkspace, workspacesQuery } from "../shared/workspace.ts";

/** Chooses the workspace that the lists show; absent where there is only one. */
export function WorkspaceSwitch() {
  const { t } = useTranslation();
  const [workspace, setWorkspace] = useWorkspace();
  const workspaces = useQuery(workspacesQuery()).data?.workspaces ?? [];
  if (workspaces.length < 2) return null;
  const known = workspaces.some((one) => one.id === workspace) ? workspace : "";
  return (
    <Select
      variant="filled"
      value={known}
      onChange={setWorkspace}
      aria-label={t("shell.workspace")}
      popupMatchSelectWidth={false}
      style={{ minWidth: 0, maxWidth: 180 }}
      options={[
        { value: "", label: t("shell.allWorkspaces") },
        ...workspaces.map((one) => ({ value: one.id, label: one.name })),
      ]}
    />
  );
}
