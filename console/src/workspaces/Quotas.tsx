import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { useLanguage } from "../shared/language.ts";
import { Meter } from "../shared/Meter.tsx";
import { Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { changedQuotas, fieldOf, QUOTA_MAX, UNLIMITED } from "./limits.ts";
import { quotasQuery, type WorkspaceQuota, workspaceKeys } from "./queries.ts";
import { useRuling } from "./ruling.ts";
import styles from "./workspaces.module.css";

/** What the unfinished jobs of a workspace may have together, and have. */
export function Quotas({ workspace, name }: { workspace: string; name: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const queries = useQueryClient();
  const { maySetQuotas } = useRuling();
  const [isEditing, setEditing] = useState(false);
  const query = useQuery(quotasQuery(workspace));
  const quotas = query.data ?? [];
  const nameOf = (quota: WorkspaceQuota) => (language === "zh" ? quota.name_cn : quota.name_en);
  const unitOf = (quota: WorkspaceQuota) => (language === "zh" ? quota.unit_cn : quota.unit_en);

  async function save(fields: Record<string, number | null>) {
    // Names of resources have dots in them, which name nested fields in a form: the fields go by number.
    const byName = Object.fromEntries(
      quotas.map((quota, index) => [quota.resource, fields[`q${index}`] ?? null]),
    );
    const changed = changedQuotas(quotas, byName);
    if (changed.length > 0)
      await api.PUT("/v1/{project_id}/workspaces/{workspace_id}/quotas", {
        params: { path: inProject({ workspace_id: workspace }) },
        body: { quotas: changed },
      });
    await queries.invalidateQueries({ queryKey: workspaceKeys.one(workspace) });
  }

  return (
    <Section
      title={t("workspaces.quotas")}
      extra={
        maySetQuotas && query.data ? (
          <Button size="small" onClick={() => setEditing(true)}>
            {t("workspaces.setQuotas")}
          </Button>
        ) : null
      }
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      <div className={styles.meters}>
        {quotas.map((quota) =>
          quota.quota === UNLIMITED ? (
            <div key={quota.resource} className={styles.unlimited}>
              <span className="quiet">{nameOf(quota)}</span>
              <span className="tabular">
                {t("workspaces.usedOfUnlimited", { used: quota.used_quota, unit: unitOf(quota) })}
              </span>
            </div>
          ) : (
            <Meter
              key={quota.resource}
              label={nameOf(quota)}
              used={quota.used_quota}
              of={quota.quota}
              text={`${quota.used_quota} / ${quota.quota} ${unitOf(quota)}`}
            />
          ),
        )}
      </div>
      <FormDialog<Record<string, number | null>>
        title={t("workspaces.quotasOf", { name })}
        open={isEditing}
        onClose={() => setEditing(false)}
        initial={Object.fromEntries(quotas.map((quota, index) => [`q${index}`, fieldOf(quota.quota)]))}
        onSubmit={save}
      >
        <p className="quiet" style={{ marginBottom: 12 }}>
          {t("workspaces.quotasHint")}
        </p>
        {quotas.map((quota, index) => (
          <Form.Item
            key={quota.resource}
            name={`q${index}`}
            label={nameOf(quota)}
            extra={t("workspaces.inUse", { used: quota.used_quota, unit: unitOf(quota) })}
          >
            <InputNumber
              min={0}
              max={QUOTA_MAX}
              precision={0}
              placeholder={t("workspaces.unlimited")}
              suffix={unitOf(quota)}
              style={{ width: "100%" }}
            />
          </Form.Item>
        ))}
      </FormDialog>
    </Section>
  );
}
