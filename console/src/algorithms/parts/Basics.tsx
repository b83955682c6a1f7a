import { useQuery } from "@tanstack/react-query";
import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Field } from "../../create/Field.tsx";
import { Section } from "../../shared/Page.tsx";
import { workspacesQuery } from "../../shared/workspace.ts";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";

/** What it is called, and where it lies. */
export function Basics({ isNew }: { isNew: boolean }) {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  const workspaces = useQuery(workspacesQuery()).data?.workspaces ?? [];
  return (
    <Section>
      <div className={styles.grid}>
        <Field path="metadata.name" label={t("common.name")} hint={t("algorithms.nameHint")}>
          {(control) => (
            <Input
              {...control}
              value={form.name}
              autoFocus={isNew}
              autoComplete="off"
              onChange={(event) => set({ name: event.target.value.trim() })}
            />
          )}
        </Field>
        {workspaces.length > 1 ? (
          <Field path="metadata.workspace_id" label={t("algorithms.workspace")}>
            {(control) => (
              <Select<string>
                {...control}
                value={form.workspace || "0"}
                options={workspaces.map((one) => ({ value: one.id, label: one.name }))}
                onChange={(workspace) => set({ workspace })}
              />
            )}
          </Field>
        ) : null}
      </div>
      <Field path="metadata.description" label={t("common.description")} optional>
        {(control) => (
          <Input.TextArea
            {...control}
            autoSize={{ minRows: 1, maxRows: 6 }}
            value={form.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
    </Section>
  );
}
