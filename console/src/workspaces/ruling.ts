/** Who may change a workspace: its owner, and who sees all. */
import { useSession } from "../api/session.tsx";
import { DEFAULT_WORKSPACE, type WorkspaceItem } from "./queries.ts";

export function useRuling() {
  const { session, may } = useSession();
  const seesAll = may("modelarts:workspace:seeAll");
  const rules = (workspace: WorkspaceItem) =>
    workspace.id !== DEFAULT_WORKSPACE && (seesAll || workspace.owner === session.user?.name);
  return {
    mayCreate: may("modelarts:workspace:create"),
    mayChange: (workspace: WorkspaceItem) => may("modelarts:workspace:update") && rules(workspace),
    mayDelete: (workspace: WorkspaceItem) => may("modelarts:workspace:delete") && rules(workspace),
    /** Also those of the default workspace. */
    maySetQuotas: may("modelarts:workspace:update") && seesAll,
    maySetUserQuotas: may("modelarts:trainQuota:update"),
  };
}
