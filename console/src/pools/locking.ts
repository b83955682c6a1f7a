/** Taking nodes out of use and returning them. */
import { useTranslation } from "react-i18next";
import { api, data, inProject, type Schemas } from "../api/client.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { useNotice } from "../shared/notice.tsx";
import type { PoolNode } from "./types.ts";

/** Of so many a request may speak. */
const AT_ONCE = 200;

type Verb = "batch-lock" | "batch-unlock";

/** Lock or return `nodes`; answers with the names of those that are gone. */
async function setLocked(
  pool_name: string,
  nodes: readonly PoolNode[],
  verb: Verb,
  reason: string,
): Promise<string[]> {
  const names = nodes.map((node) => node.metadata.name);
  const missing: string[] = [];
  for (let begin = 0; begin < names.length; begin += AT_ONCE) {
    const body: Schemas["NodesLockRequest"] = {
      nodeNames: names.slice(begin, begin + AT_ONCE),
      ...(reason ? { reason } : {}),
    };
    const answer = await data(
      api.POST(`/v2/{project_id}/pools/{pool_name}/nodes/${verb}`, {
        params: { path: inProject({ pool_name }) },
        body,
      }),
    );
    missing.push(...answer.nodes.filter((node) => node.status !== "success").map((node) => node.name));
  }
  return missing;
}

/** Takes nodes out of use or returns them, then says so; throws when some are not there any more. */
export function useSetLocked(pool: string, onDone: () => Promise<unknown>) {
  const { t } = useTranslation();
  const notice = useNotice();
  return async (nodes: readonly PoolNode[], verb: Verb, reason = "") => {
    let missing: string[] = [];
    try {
      missing = await setLocked(pool, nodes, verb, reason);
    } finally {
      await onDone();
    }
    if (missing.length > 0) throw new Error(t("pools.nodesGone", { names: missing.join(", ") }));
    notice.done(t(verb === "batch-lock" ? "pools.locked" : "pools.unlocked", { count: nodes.length }));
  };
}

/** Asks, then returns nodes; `onDone` afterwards. */
export function useUnlock(pool: string, onDone: () => Promise<unknown>) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const set = useSetLocked(pool, onDone);
  return (nodes: readonly PoolNode[]) =>
    confirm({
      title:
        nodes.length === 1
          ? t("pools.unlockOneTitle", { name: nodes[0]?.metadata.name })
          : t("pools.unlockTitle", { count: nodes.length }),
      content: t("pools.unlockHint"),
      action: t("pools.unlock"),
      danger: false,
      run: () => set(nodes, "batch-unlock"),
    });
}
