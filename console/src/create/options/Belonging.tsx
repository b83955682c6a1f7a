import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { workspacesQuery } from "../../shared/workspace.ts";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { experimentsQuery } from "../queries.ts";

const NEW = "new:";

/** The experiment that the job joins: one that is there, or a new name. */
export function ExperimentField() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const [typed, setTyped] = useState("");
  const found = useQuery(experimentsQuery());
  const { id, name } = form.experiment;
  const options = (found.data ?? []).map(({ metadata }) => ({ value: metadata.id, label: metadata.name }));
  const byName = name ? options.find((one) => one.label === name)?.value : undefined;
  const wanted = typed.trim();
  const isNew = (text: string) => text !== "" && !options.some((one) => one.label === text);
  const more = [...new Set([wanted, name])]
    .filter(isNew)
    .map((text) => ({ value: NEW + text, label: t("create.options.newExperiment", { name: text }) }));
  const value = id || (byName ?? (name ? NEW + name : undefined));
  return (
    <Field
      path="metadata.training_experiment_reference"
      label={t("create.options.experiment")}
      hint={t("create.options.experimentHint")}
    >
      {(control) => (
        <Select<string>
          {...control}
          value={value}
          allowClear={{ label: t("common.clear") }}
          loading={found.isPending}
          placeholder={t("create.options.noExperiment")}
          showSearch={{ optionFilterProp: "label", onSearch: setTyped }}
          options={[...more, ...options]}
          onChange={(chosen) => {
            setTyped("");
            const isMade = chosen?.startsWith(NEW);
            set({
              experiment: {
                id: isMade ? "" : (chosen ?? ""),
                name: isMade ? chosen.slice(NEW.length) : "",
              },
            });
          }}
        />
      )}
    </Field>
  );
}

/** Where the job lies; not asked where there is only one. */
export function WorkspaceField() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const found = useQuery(workspacesQuery());
  const options = (found.data?.workspaces ?? []).map((one) => ({ value: one.id, label: one.name }));
  if (options.length < 2 && !form.workspace) return null;
  return (
    <Field path="metadata.workspace_id" label={t("create.options.workspace")}>
      {(control) => (
        <Select<string>
          {...control}
          value={form.workspace || "0"}
          loading={found.isPending}
          showSearch={{ optionFilterProp: "label" }}
          options={options}
          onChange={(workspace) => set({ workspace: workspace === "0" ? "" : workspace })}
        />
      )}
    </Field>
  );
}
