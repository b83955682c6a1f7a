import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { overviewQuery } from "../overview/queries.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { forget } from "../shared/forget.ts";
import { useNotice } from "../shared/notice.tsx";
import { PoolDialog } from "./PoolDialog.tsx";
import { poolKeys, roomKeys } from "./queries.ts";
import { kindOf, labelOf, NAME_LABEL, type Pool, poolId, type Room } from "./types.ts";

/** Change and delete; only what is a share of the project's own can be. */
export function PoolActions({ pool, room }: { pool: Pool; room: Room | undefined }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const notice = useNotice();
  const queries = useQueryClient();
  const [isEditing, setEditing] = useState(false);
  if (kindOf(pool) !== "dedicated") return null;
  const name = labelOf(pool, NAME_LABEL);
  const jobs = room ? room.running + room.waiting : 0;
  function remove() {
    confirm({
      title: t("pools.deleteTitle", { name }),
      content: (
        <>
          <p>{t("pools.deleteHint")}</p>
          {jobs > 0 ? <p className="warn">{t("pools.deleteJobs", { count: jobs })}</p> : null}
        </>
      ),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/pools/{pool_name}", {
          params: { path: inProject({ pool_name: poolId(pool) }) },
        });
        notice.done(t("pools.deleted", { name }));
        await navigate("/pools");
        await Promise.all([
          forget(queries, [...poolKeys.all(), "one"], poolId(pool)),
          forget(queries, roomKeys(), poolId(pool)),
          queries.invalidateQueries({ queryKey: [...poolKeys.all(), "list"] }),
          queries.invalidateQueries({ queryKey: [...poolKeys.all(), "names"] }),
          queries.invalidateQueries({ queryKey: overviewQuery().queryKey }),
        ]);
      },
    });
  }
  return (
    <>
      {may("modelarts:pool:update") ? (
        <Button onClick={() => setEditing(true)}>{t("common.edit")}</Button>
      ) : null}
      {may("modelarts:pool:delete") ? (
        <Button danger onClick={remove}>
          {t("common.delete")}
        </Button>
      ) : null}
      <PoolDialog pool={pool} open={isEditing} onClose={() => setEditing(false)} />
    </>
  );
}
