import { useTranslation } from "react-i18next";
import { useNow } from "../../shared/clock.ts";
import { useLanguage } from "../../shared/language.ts";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { useCapacity } from "../resources/useCapacity.ts";

/** Whether there is room now, and for how long one would wait. */
export function Capacity() {
  const { t } = useTranslation();
  const { form } = useForm();
  const language = useLanguage();
  const now = useNow(10);
  const { outlook, only, wanted, queue } = useCapacity();
  const waits = queue && queue.waiting > 0 && outlook !== "never";
  const wait = queue && queue.lastStart > now ? roughly(queue.lastStart - now, language) : "";
  return (
    <div className={styles.outlook} data-outlook={outlook} aria-live="polite">
      <i className={styles.dot} aria-hidden />
      <div>
        <div>{t(`create.side.outlook_${outlook}`)}</div>
        <div className={styles.hint}>
          {only && only.free !== null && only.total !== null
            ? t("create.side.room", {
                wanted,
                free: only.free,
                total: only.total,
                flavor: only.flavor.id,
              })
            : form.hasRoles
              ? t("create.side.mixed", { count: wanted })
              : form.flavor}
        </div>
        {waits ? (
          <div className={styles.hint}>
            {wait
              ? t("create.side.queueUntil", { count: queue.waiting, time: wait })
              : t("create.side.queue", { count: queue.waiting })}
          </div>
        ) : null}
      </div>
    </div>
  );
}

/** So many minutes or hours: nobody knows it better. */
function roughly(ms: number, language: string): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [value, unit] = minutes < 90 ? [minutes, "minute"] : [Math.round(minutes / 60), "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
}
