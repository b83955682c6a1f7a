import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { PathInput } from "../../shared/ObjectPicker.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { keptPaths } from "../form/fromBody.ts";
import { LIMITS } from "../form/limits.ts";
import { Pairs } from "../parameters/Pairs.tsx";
import { ExperimentField, WorkspaceField } from "./Belonging.tsx";
import { CheckpointFields } from "./CheckpointFields.tsx";
import { NotificationFields } from "./NotificationFields.tsx";
import { RecoveryFields } from "./RecoveryFields.tsx";

/** What a job may have beside: where it belongs, what becomes of failures, logs and checkpoints. */
export function OptionsSection() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const kept = keptPaths(form);
  return (
    <>
      <Field path="metadata.description" label={t("create.options.description")}>
        {(control) => (
          <Input.TextArea
            {...control}
            rows={1}
            value={form.description}
            count={{ max: LIMITS.description, show: form.description.length > LIMITS.description / 2 }}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.wide}>
        <ExperimentField />
        <WorkspaceField />
      </div>
      <Pairs
        title={t("create.options.tags")}
        add={t("create.options.addTag")}
        none={t("create.options.noTags")}
        path="tags"
        rows={form.tags}
        onChange={(tags) => set({ tags })}
      />
      <RecoveryFields />
      <Field
        path="spec.log_export_path.obs_url"
        label={t("create.options.logPath")}
        hint={t("create.options.logPathHint")}
      >
        {(control) => (
          <PathInput
            {...control}
            mode="folder"
            value={form.logPath}
            onChange={(logPath) => set({ logPath: logPath.trim() })}
          />
        )}
      </Field>
      <Pairs
        title={t("create.options.metrics")}
        add={t("create.options.addMetric")}
        none={t("create.options.noMetrics")}
        path="algorithm.metrics"
        rows={form.metrics}
        onChange={(metrics) => set({ metrics })}
      />
      <CheckpointFields />
      <NotificationFields />
      {kept.length > 0 ? (
        <p className={styles.hint}>
          {t("create.options.kept")} <span className="mono">{kept.join(", ")}</span>
        </p>
      ) : null}
    </>
  );
}
