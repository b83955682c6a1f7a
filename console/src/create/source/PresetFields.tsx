import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { PathInput } from "../../shared/ObjectPicker.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { BootFile } from "./BootFile.tsx";
import { CodePlaces } from "./CodePlaces.tsx";
import { EngineSelect } from "./EngineSelect.tsx";

/** A preset engine: code folder, boot file, engine. */
export function PresetFields() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  return (
    <>
      <CodeDir />
      <div className={styles.wide}>
        <BootFile
          path="algorithm.boot_file"
          value={form.bootFile}
          onChange={(bootFile) => set({ bootFile })}
          optional={form.hasRoles}
          chooses
        />
        <Field path="algorithm.engine" label={t("create.source.engine")} optional={form.hasRoles}>
          {(control) => <EngineSelect {...control} />}
        </Field>
        {form.engine.image ? (
          <Field path="algorithm.engine.image_url" label={t("create.source.image")} optional>
            {(control) => (
              <Input
                {...control}
                className="mono"
                value={form.engine.image}
                onChange={(event) => set({ engine: { ...form.engine, image: event.target.value.trim() } })}
              />
            )}
          </Field>
        ) : null}
      </div>
      <CodePlaces />
    </>
  );
}

/** The code folder. */
export function CodeDir({ optional = false }: { optional?: boolean }) {
  const { t } = useTranslation();
  const { form, set } = useForm();
  return (
    <Field
      path="algorithm.code_dir"
      label={t("create.source.codeDir")}
      hint={t("create.source.codeDirHint")}
      optional={optional}
    >
      {(control) => (
        <PathInput
          {...control}
          mode="folder"
          value={form.codeDir}
          onChange={(codeDir) => set({ codeDir: codeDir.trim() })}
        />
      )}
    </Field>
  );
}
