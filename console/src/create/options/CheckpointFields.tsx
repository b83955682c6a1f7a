import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field, Sub } from "../Field.tsx";
import type { JobForm } from "../form/model.ts";
import { WholeNumber } from "../WholeNumber.tsx";

/** Which checkpoints of the outputs are kept. */
export function CheckpointFields() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const number = (name: "keepLast" | "keepBest", path: string) => (
    <WholeNumber
      path={path}
      label={t(`create.options.${name}`)}
      min={0}
      value={form[name]}
      placeholder={t("create.options.all")}
      onChange={(value) => set({ [name]: value })}
    />
  );
  return (
    <Sub title={t("create.options.checkpoints")}>
      <p className={styles.hint}>{t("create.options.checkpointsHint")}</p>
      <div className={styles.grid}>
        {number("keepLast", "spec.checkpoints.keep_last")}
        {number("keepBest", "spec.checkpoints.keep_best")}
        {form.keepBest || form.bestBy ? (
          <>
            <Field path="spec.checkpoints.metric" label={t("create.options.bestBy")}>
              {(control) => (
                <Input
                  {...control}
                  className="mono"
                  value={form.bestBy}
                  placeholder="val_acc"
                  onChange={(event) => set({ bestBy: event.target.value.trim() })}
                />
              )}
            </Field>
            <Field path="spec.checkpoints.mode" label={t("create.options.bestIs")}>
              {(control) => (
                <Select<JobForm["bestIs"]>
                  {...control}
                  value={form.bestIs || "min"}
                  options={[
                    { value: "min", label: t("create.options.best_min") },
                    { value: "max", label: t("create.options.best_max") },
                  ]}
                  onChange={(bestIs) => set({ bestIs })}
                />
              )}
            </Field>
          </>
        ) : null}
      </div>
    </Sub>
  );
}
