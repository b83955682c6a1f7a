import { Input } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";

/** Where the code lies in the container, and where its command starts. */
export function CodePlaces() {
  const { t } = useTranslation();
  const { form, set, problemAt } = useForm();
  const isOpen =
    Boolean(form.localCodeDir || form.workingDir) ||
    problemAt("algorithm.local_code_dir", "algorithm.working_dir") !== "";
  return (
    <details className={styles.details} {...(isOpen ? { open: true } : {})}>
      <summary>{t("create.source.places")}</summary>
      <div className={styles.wide}>
        <Field
          path="algorithm.local_code_dir"
          label={t("create.source.localCodeDir")}
          hint={t("create.source.localCodeDirHint")}
        >
          {(control) => (
            <Input
              {...control}
              className="mono"
              value={form.localCodeDir}
              placeholder="/home/ma-user/code"
              onChange={(event) => set({ localCodeDir: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field
          path="algorithm.working_dir"
          label={t("create.source.workingDir")}
          hint={t("create.source.workingDirHint")}
        >
          {(control) => (
            <Input
              {...control}
              className="mono"
              value={form.workingDir}
              placeholder="/home/ma-user"
              onChange={(event) => set({ workingDir: event.target.value.trim() })}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
