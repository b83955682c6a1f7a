import { useTranslation } from "react-i18next";
import { Pairs } from "../../create/parameters/Pairs.tsx";
import { Section } from "../../shared/Page.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";

/** What is read from the log of its jobs. */
export function Metrics() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  return (
    <Section>
      <div className={styles.metrics}>
        <Pairs
          title={t("algorithms.metrics")}
          add={t("algorithms.add")}
          none={t("algorithms.noMetrics")}
          path="algorithm.metrics"
          rows={form.metrics}
          onChange={(metrics) => set({ metrics })}
        />
      </div>
    </Section>
  );
}
