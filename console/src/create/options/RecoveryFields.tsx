import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Sub } from "../Field.tsx";
import { LIMITS } from "../form/limits.ts";
import { WholeNumber } from "../WholeNumber.tsx";

/** What becomes of a job that fails, hangs or is stopped. */
export function RecoveryFields() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  return (
    <Sub title={t("create.options.recovery")}>
      <div className={styles.grid}>
        <WholeNumber
          path="metadata.annotations.fault-tolerance/job-retry-num"
          label={t("create.options.retries")}
          hint={t("create.options.retriesHint")}
          min={0}
          max={LIMITS.retries}
          value={form.retries}
          placeholder="0"
          onChange={(retries) => set({ retries })}
        />
        <WholeNumber
          path="spec.reserved_time"
          label={t("create.options.reserve")}
          hint={t("create.options.reserveHint")}
          unit={t("create.options.hours")}
          value={form.reserveHours}
          placeholder="–"
          onChange={(reserveHours) => set({ reserveHours })}
        />
        <WholeNumber
          path="spec.stop_grace_seconds"
          label={t("create.options.grace")}
          hint={t("create.options.graceHint")}
          min={0}
          max={LIMITS.graceSeconds}
          unit={t("create.options.seconds")}
          value={form.graceSeconds}
          placeholder="–"
          onChange={(graceSeconds) => set({ graceSeconds })}
        />
      </div>
      <div className={styles.inline}>
        <Checkbox checked={form.retryAlways} onChange={(event) => set({ retryAlways: event.target.checked })}>
          {t("create.options.retryAlways")}
        </Checkbox>
        <Checkbox checked={form.retryHang} onChange={(event) => set({ retryHang: event.target.checked })}>
          {t("create.options.retryHang")}
        </Checkbox>
        <Checkbox checked={form.keepForever} onChange={(event) => set({ keepForever: event.target.checked })}>
          {t("create.options.keepForever")}
        </Checkbox>
      </div>
    </Sub>
  );
}
