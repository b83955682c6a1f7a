import { EditOutlined } from "@ant-design/icons";
import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Form, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { useListState } from "../shared/listState.ts";
import { Meter } from "../shared/Meter.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { fieldOf, QUOTA_MAX, quotaOf, UNLIMITED } from "./limits.ts";
import { EVERYONE, namesQuery, setUserQuota, userQuotaQuery, workspaceKeys } from "./queries.ts";
import styles from "./workspaces.module.css";

interface Row {
  id: string;
  name: string;
  quota: number | undefined;
  used: number;
}

/** How many unfinished jobs each user may have, and what counts for those without a limit of their own. */
export function UserQuotas() {
  const { t } = useTranslation();
  const { may, session } = useSession();
  const queries = useQueryClient();
  const [state, change] = useListState();
  const [edited, setEdited] = useState<Row | null>(null);
  const maySet = may("modelarts:trainQuota:update");
  const names = useQuery(namesQuery());
  const known = names.data ?? [];
  // What others run is for those who set limits.
  const seen = maySet ? known : known.filter((user) => user.userId === session.user?.id);
  const matching = seen.filter((user) => user.userName.toLowerCase().includes(state.q.toLowerCase()));
  const page = matching.slice(state.offset, state.offset + state.size);
  const shown = [
    ...(state.q || state.offset > 0 ? [] : [{ userId: EVERYONE, userName: t("workspaces.everyone") }]),
    ...page,
  ];
  const quotas = useQueries({ queries: shown.map((user) => userQuotaQuery(user.userId)) });
  const rows = shown.map(
    (user, index): Row => ({
      id: user.userId,
      name: user.userName,
      quota: quotas[index]?.data?.quota,
      used: quotas[index]?.data?.used ?? 0,
    }),
  );
  const columns: Column<Row>[] = [
    {
      key: "name",
      title: t("workspaces.user"),
      width: 280,
      render: (row) => (row.id === EVERYONE ? <strong>{row.name}</strong> : row.name),
    },
    {
      key: "quota",
      title: t("workspaces.userJobs"),
      render: (row) => {
        if (row.quota === undefined) return <Dash />;
        if (row.id === EVERYONE)
          return (
            <span className="tabular">{row.quota === UNLIMITED ? t("workspaces.unlimited") : row.quota}</span>
          );
        if (row.quota === UNLIMITED)
          return (
            <span className="tabular">
              {row.used} <span className="quiet">/ {t("workspaces.unlimited")}</span>
            </span>
          );
        return (
          <div className={styles.fill}>
            <Meter
              bare
              label={t("workspaces.userJobs")}
              used={row.used}
              of={row.quota}
              text={`${row.used} / ${row.quota}`}
            />
          </div>
        );
      },
    },
  ];
  return (
    <>
      <p className="quiet">{t("workspaces.userQuotasHint")}</p>
      <DataList<Row>
        columns={columns}
        rowKey={(row) => row.id}
        query={{
          data: names.data ? { items: rows, total: matching.length } : undefined,
          error: names.error ?? quotas.find((one) => one.error)?.error ?? null,
          isPending: names.isPending,
        }}
        state={state}
        onChange={change}
        toolbar={
          maySet ? (
            <SearchField
              value={state.q}
              onSearch={(q) => change({ q })}
              placeholder={t("workspaces.searchUsers")}
            />
          ) : null
        }
        empty={<Nothing title={t("workspaces.noUser")} />}
        rowActions={(row) =>
          maySet && row.quota !== undefined ? (
            <RowAction
              icon={<EditOutlined />}
              title={t("common.edit")}
              label={t("common.editOf", { name: row.name })}
              onClick={() => setEdited(row)}
            />
          ) : null
        }
      />
      <FormDialog<{ quota: number | null }>
        title={t(edited?.id === EVERYONE ? "workspaces.everyoneTitle" : "workspaces.userTitle", {
          name: edited?.name ?? "",
        })}
        open={edited !== null}
        onClose={() => setEdited(null)}
        initial={{ quota: fieldOf(edited?.quota ?? UNLIMITED) }}
        onSubmit={async ({ quota }) => {
          if (edited) await setUserQuota(edited.id, quotaOf(quota));
          await queries.invalidateQueries({ queryKey: workspaceKeys.userQuotas() });
        }}
      >
        <Form.Item
          name="quota"
          label={t("workspaces.userJobs")}
          extra={t(edited?.id === EVERYONE ? "workspaces.everyoneHint" : "workspaces.userHint")}
        >
          <InputNumber
            min={0}
            max={QUOTA_MAX}
            precision={0}
            placeholder={t("workspaces.unlimited")}
            style={{ width: "100%" }}
          />
        </Form.Item>
      </FormDialog>
    </>
  );
}
