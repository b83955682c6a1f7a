import { useQuery } from "@tanstack/react-query";
import { Checkbox, Input, Select, Switch } from "antd";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { PathInput } from "../../shared/ObjectPicker.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import type { Folders } from "../form/model.ts";
import { modelsQuery, modelVersionsQuery } from "../queries.ts";
import { DatasetPick } from "./DatasetPick.tsx";

/** Fixed folders at the root: `/code`, `/dataset`, `/pretrainmodel`, `/model`, `/userhome`. */
export function FoldersFields() {
  const { t } = useTranslation();
  const { form, set, problemAt } = useForm();
  const id = useId();
  const { folders } = form;
  const put = (change: Partial<Folders>) => set({ folders: { ...folders, ...change } });
  return (
    <div className={styles.sub}>
      <div className={styles.inline}>
        <Switch id={id} size="small" checked={folders.on} onChange={(on) => put({ on })} />
        <label htmlFor={id}>{t("create.folders.on")}</label>
        <span className={styles.hint}>{t("create.folders.hint")}</span>
      </div>
      {folders.on ? (
        <div className={styles.wide}>
          <Field path="spec.folders.dataset" label={t("create.folders.dataset")}>
            {() => (
              <DatasetPick
                dataset={folders.dataset}
                version={folders.datasetVersion}
                label={t("create.folders.dataset")}
                isWrong={problemAt("spec.folders.dataset") !== ""}
                onChange={(dataset, datasetVersion) => put({ dataset, datasetVersion })}
              />
            )}
          </Field>
          {folders.dataset ? null : (
            <Field path="spec.folders.dataset.obs_url" label={t("create.folders.datasetPath")}>
              {(control) => (
                <PathInput
                  {...control}
                  mode="folder"
                  value={folders.datasetPath}
                  onChange={(datasetPath) => put({ datasetPath: datasetPath.trim() })}
                />
              )}
            </Field>
          )}
          <PretrainedModel />
          <Field
            path="spec.folders.output_model.name"
            label={t("create.folders.output")}
            hint={t("create.folders.outputHint")}
          >
            {(control) => (
              <Input
                {...control}
                value={folders.output}
                onChange={(event) => put({ output: event.target.value })}
              />
            )}
          </Field>
          <Field path="spec.folders.output_model.obs_url" label={t("create.folders.outputPath")}>
            {(control) => (
              <PathInput
                {...control}
                mode="folder"
                value={folders.outputPath}
                onChange={(outputPath) => put({ outputPath: outputPath.trim() })}
              />
            )}
          </Field>
          <Checkbox checked={folders.userHome} onChange={(event) => put({ userHome: event.target.checked })}>
            {t("create.folders.userHome")}
          </Checkbox>
        </div>
      ) : null}
    </div>
  );
}

function PretrainedModel() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const models = useQuery(modelsQuery());
  const versions = useQuery(modelVersionsQuery(form.folders.model));
  const put = (model: string, modelVersion: string) =>
    set({ folders: { ...form.folders, model, modelVersion } });
  const { model, modelVersion } = form.folders;
  return (
    <>
      <Field path="spec.folders.pretrained_model" label={t("create.folders.model")}>
        {(control) => (
          <Select<string>
            {...control}
            allowClear={{ label: t("common.clear") }}
            value={model || undefined}
            loading={models.isPending}
            showSearch={{ optionFilterProp: "label" }}
            placeholder={t("create.folders.chooseModel")}
            options={(models.data ?? []).map((one) => ({ value: one.model_id, label: one.model_name }))}
            onChange={(id) => put(id ?? "", "")}
          />
        )}
      </Field>
      {model ? (
        <Field path="spec.folders.pretrained_model.version_id" label={t("create.data.version")}>
          {(control) => (
            <Select<string>
              {...control}
              value={modelVersion}
              options={[
                { value: "", label: t("create.data.newest") },
                ...(versions.data ?? []).map((one) => ({ value: one.version_id, label: `v${one.version}` })),
              ]}
              onChange={(version) => put(model, version)}
            />
          )}
        </Field>
      ) : null}
    </>
  );
}
