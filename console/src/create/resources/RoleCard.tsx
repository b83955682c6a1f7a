import { CopyOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import type { Role } from "../form/model.ts";
import { Pairs } from "../parameters/Pairs.tsx";
import { RemoveRow } from "../RowParts.tsx";
import { BootFile } from "../source/BootFile.tsx";
import { WholeNumber } from "../WholeNumber.tsx";
import { RoleCounts } from "./RoleCounts.tsx";
import { useCapacity } from "./useCapacity.ts";

interface RoleCardProps {
  role: Role;
  path: string;
  onChange: (change: Partial<Role>) => void;
  onCopy: () => void;
  onRemove: () => void;
}

/** One role: what each of its tasks runs, how many there are, and when it has succeeded or failed. */
export function RoleCard({ role, path, onChange, onCopy, onRemove }: RoleCardProps) {
  const { t } = useTranslation();
  const { form } = useForm();
  const { flavors } = useCapacity();
  return (
    <div className={styles.card}>
      <div className={styles.cardHead}>
        <strong>{role.name || t("create.roles.unnamed")}</strong>
        <span className={styles.subTools}>
          <Checkbox checked={role.main} onChange={(event) => onChange({ main: event.target.checked })}>
            <span title={t("create.roles.mainHint")}>{t("create.roles.main")}</span>
          </Checkbox>
          <Button size="small" type="text" icon={<CopyOutlined />} onClick={onCopy}>
            {t("create.roles.copy")}
          </Button>
          <RemoveRow name={role.name} small onRemove={onRemove} />
        </span>
      </div>
      <div className={styles.grid}>
        <Field path={`${path}.role`} label={t("create.roles.name")}>
          {(control) => (
            <Input
              {...control}
              className={`mono ${styles.grows}`}
              value={role.name}
              onChange={(event) => onChange({ name: event.target.value.trim() })}
            />
          )}
        </Field>
        <WholeNumber
          path={`${path}.task_resource.node_count`}
          label={t("create.roles.replicas")}
          value={role.nodes}
          onChange={(nodes) => onChange({ nodes })}
        />
        <Field path={`${path}.task_resource.flavor_id`} label={t("create.resources.flavor")}>
          {(control) => (
            <Select<string>
              {...control}
              value={role.flavor}
              options={[
                { value: "", label: t("create.roles.sameFlavor", { flavor: form.flavor || "–" }) },
                ...flavors.map(({ flavor }) => ({ value: flavor.id, label: flavor.id })),
              ]}
              onChange={(flavor) => onChange({ flavor })}
            />
          )}
        </Field>
      </div>
      <Field
        path={`${path}.command`}
        label={t("create.source.commandLine")}
        hint={t("create.roles.commandHint")}
      >
        {(control) => (
          <Input.TextArea
            {...control}
            className={`mono ${styles.grows}`}
            rows={1}
            spellCheck={false}
            value={role.command}
            placeholder="python /code/train.py"
            onChange={(event) => onChange({ command: event.target.value })}
          />
        )}
      </Field>
      {form.source === "preset" && (!role.command || role.bootFile) ? (
        <BootFile
          path={`${path}.algorithm.boot_file`}
          value={role.bootFile}
          onChange={(bootFile) => onChange({ bootFile })}
        />
      ) : null}
      <RoleCounts role={role} path={path} onChange={onChange} />
      <Pairs
        title={t("create.roles.arguments")}
        add={t("create.roles.addArgument")}
        none={t("create.roles.noArguments")}
        path={`${path}.parameters`}
        rows={role.parameters}
        onChange={(parameters) => onChange({ parameters })}
      />
      <Pairs
        title={t("create.parameters.environments")}
        add={t("create.parameters.addEnvironment")}
        none={t("create.roles.noEnvironments")}
        path={`${path}.environments`}
        rows={role.environments}
        masks
        onChange={(environments) => onChange({ environments })}
      />
    </div>
  );
}
