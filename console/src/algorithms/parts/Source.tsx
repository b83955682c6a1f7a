import { Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "../../create/Field.tsx";
import { NO_ENGINE } from "../../create/form/model.ts";
import { BootFile } from "../../create/source/BootFile.tsx";
import { EngineSelect } from "../../create/source/EngineSelect.tsx";
import { CodeDir } from "../../create/source/PresetFields.tsx";
import { Section } from "../../shared/Page.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import type { AlgorithmForm } from "../form/model.ts";

const SOURCES = ["preset", "command"] as const;

/** What it runs: a file of a code folder in an engine, or a command. */
export function Source() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  return (
    <Section
      title={t("algorithms.source")}
      extra={
        <Segmented<AlgorithmForm["source"]>
          aria-label={t("algorithms.sourceKind")}
          value={form.source}
          options={SOURCES.map((value) => ({ value, label: t(`algorithms.by.${value}`) }))}
          onChange={(source) => set({ source })}
        />
      }
    >
      {form.source === "preset" ? <BootFileSource /> : <CommandSource />}
    </Section>
  );
}

function BootFileSource() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  return (
    <>
      <CodeDir />
      <div className={styles.grid}>
        <BootFile
          path="algorithm.boot_file"
          value={form.bootFile}
          onChange={(bootFile) => set({ bootFile })}
          chooses
        />
        <Field path="algorithm.engine" label={t("algorithms.engine")}>
          {(control) => <EngineSelect {...control} />}
        </Field>
        <Field
          path="algorithm.engine.image_url"
          label={t("algorithms.image")}
          hint={t("algorithms.imageInstead")}
          optional
        >
          {(control) => <ImageInput {...control} />}
        </Field>
      </div>
    </>
  );
}

function CommandSource() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  const [runtime, setRuntime] = useState<"engine" | "image">(form.engine.image ? "image" : "engine");
  return (
    <>
      <Field path="algorithm.command" label={t("algorithms.command")} hint={t("algorithms.commandHint")}>
        {(control) => (
          <Input.TextArea
            {...control}
            className="mono"
            autoSize={{ minRows: 2, maxRows: 8 }}
            spellCheck={false}
            value={form.command}
            placeholder="python $MA_JOB_DIR/code/train.py"
            onChange={(event) => set({ command: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.grid}>
        <Field path="algorithm.engine" label={t("algorithms.runsIn")} optional>
          {(control) => (
            <div className={styles.inline}>
              <Segmented<"engine" | "image">
                aria-label={t("algorithms.runsIn")}
                value={runtime}
                options={[
                  { value: "engine", label: t("algorithms.engine") },
                  { value: "image", label: t("algorithms.image") },
                ]}
                onChange={(chosen) => {
                  setRuntime(chosen);
                  set({ engine: NO_ENGINE });
                }}
              />
              <div className={styles.grow}>
                {runtime === "image" ? <ImageInput {...control} /> : <EngineSelect {...control} allowNone />}
              </div>
            </div>
          )}
        </Field>
      </div>
      <CodeDir optional />
    </>
  );
}

function ImageInput(control: React.ComponentProps<typeof Input>) {
  const { form, set } = useEditor();
  return (
    <Input
      {...control}
      className="mono"
      value={form.engine.image}
      placeholder="organization/image:tag"
      onChange={(event) => set({ engine: { ...form.engine, image: event.target.value.trim() } })}
    />
  );
}
