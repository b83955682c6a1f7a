import { Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { NO_ENGINE } from "../form/model.ts";
import { CodePlaces } from "./CodePlaces.tsx";
import { EngineSelect } from "./EngineSelect.tsx";
import { CodeDir } from "./PresetFields.tsx";

type Runtime = "engine" | "image";

/** A command of one's own, in an image or an engine's environment. */
export function CommandFields() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const [runtime, setRuntime] = useState<Runtime>(form.engine.image ? "image" : "engine");
  return (
    <>
      <Field
        path="algorithm.command"
        label={t("create.source.commandLine")}
        hint={t("create.source.commandHint")}
        optional={form.hasRoles}
      >
        {(control) => (
          <Input.TextArea
            {...control}
            className={`mono ${styles.grows}`}
            rows={2}
            spellCheck={false}
            value={form.command}
            placeholder="python $MA_JOB_DIR/code/train.py"
            onChange={(event) => set({ command: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.wide}>
        <Field
          path={["algorithm.engine"]}
          label={t("create.source.runsIn")}
          hint={runtime === "image" ? t("create.source.imageHint") : t("create.source.engineHint")}
          optional
        >
          {(control) => (
            <div className={styles.sub}>
              <Segmented<Runtime>
                aria-label={t("create.source.runsIn")}
                value={runtime}
                options={[
                  { value: "engine", label: t("create.source.engine") },
                  { value: "image", label: t("create.source.image") },
                ]}
                onChange={(chosen) => {
                  setRuntime(chosen);
                  set({ engine: NO_ENGINE });
                }}
              />
              {runtime === "image" ? (
                <Input
                  {...control}
                  className={`mono ${styles.grows}`}
                  value={form.engine.image}
                  placeholder="organization/image:tag"
                  onChange={(event) => set({ engine: { ...NO_ENGINE, image: event.target.value.trim() } })}
                />
              ) : (
                <EngineSelect {...control} allowNone />
              )}
            </div>
          )}
        </Field>
      </div>
      <CodeDir optional />
      <CodePlaces />
    </>
  );
}
