import { Checkbox, InputNumber, Segmented, Select, Space } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/session.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { STOP_UNITS, type StopUnit } from "../form/model.ts";
import { Nodes } from "./Nodes.tsx";

export const HURRY = "modelarts:trainJob:setHighPriority";
const PRIORITIES = [1, 2, 3];

/** Who goes first, and when it is stopped at the latest. */
export function Schedule() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const mayHurry = useSession().may(HURRY);
  return (
    <div className={styles.grid}>
      {form.hasRoles ? null : <Nodes />}
      <Field path="spec.auto_stop" label={t("create.resources.stop")} hint={t("create.resources.stopHint")}>
        {(control) => (
          <Space.Compact block>
            <InputNumber
              {...control}
              style={{ flex: 1 }}
              min={1}
              precision={0}
              value={form.stopAfter}
              placeholder={t("create.resources.stopNever")}
              onChange={(stopAfter) => set({ stopAfter })}
            />
            <Select<StopUnit>
              aria-label={t("create.resources.stopUnit")}
              style={{ width: 104 }}
              value={form.stopUnit}
              options={(Object.keys(STOP_UNITS) as StopUnit[])
                .filter((unit) => unit !== "SECONDS" || form.stopUnit === "SECONDS")
                .map((unit) => ({ value: unit, label: t(`create.resources.unit_${unit}`) }))}
              onChange={(stopUnit) => set({ stopUnit })}
            />
          </Space.Compact>
        )}
      </Field>
      <Field
        path="spec.schedule_policy.priority"
        label={t("create.resources.priority")}
        hint={mayHurry ? t("create.resources.priorityHint") : t("create.resources.priorityNo3")}
      >
        {() => (
          <Segmented<number>
            block
            aria-label={t("create.resources.priority")}
            value={form.priority || 1}
            options={PRIORITIES.map((value) => ({
              value,
              label: value,
              disabled: value === 3 && !mayHurry && form.priority !== 3,
            }))}
            onChange={(value) => set({ priority: value === 1 ? null : value })}
          />
        )}
      </Field>
      <div className={`${styles.inline} ${styles.whole}`} style={{ gap: "0 8px" }}>
        <Checkbox checked={form.preemptible} onChange={(event) => set({ preemptible: event.target.checked })}>
          {t("create.resources.preemptible")}
        </Checkbox>
        <span className={styles.hint}>{t("create.resources.preemptibleHint")}</span>
      </div>
    </div>
  );
}
