import { LockOutlined } from "@ant-design/icons";
import { Checkbox, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Wrong } from "../Field.tsx";
import type { Parameter } from "../form/model.ts";
import type { ParameterTerms } from "../form/terms.ts";
import { RemoveRow, RowName } from "../RowParts.tsx";

interface ParameterRowProps {
  row: Parameter;
  path: string;
  terms: ParameterTerms | undefined;
  onChange: (change: Partial<Parameter>) => void;
  onRemove: () => void;
}

/** One hyperparameter; with what the algorithm says of it, and locked as far as it wants. */
export function ParameterRow({ row, path, terms, onChange, onRemove }: ParameterRowProps) {
  const { t } = useTranslation();
  const { problemAt } = useForm();
  const wrong = problemAt(path) ? { status: "error" as const } : {};
  const isLocked = terms !== undefined && !terms.editable;
  const choice = terms?.choice ?? (terms?.type === "Boolean" ? ["true", "false"] : null);
  const label = t("create.valueOf", { name: row.name });
  const put = (value: string) => onChange({ value, unset: false, flag: false });
  const said = terms
    ? [
        terms.description,
        terms.type === "String" ? "" : t(`create.parameters.type_${terms.type}`),
        terms.range ? `${terms.range[0]} – ${terms.range[1]}` : "",
        terms.required ? t("create.parameters.required") : "",
      ].filter(Boolean)
    : [];
  return (
    <li className={styles.row} data-path={path}>
      <RowName
        name={row.name}
        label={t("create.name")}
        isFixed={terms !== undefined}
        isWrong={problemAt(path) !== ""}
        onChange={(name) => onChange({ name: name.replace(/^-+/, "") })}
      />
      {choice && !isLocked && choice.includes(row.value || (choice[0] ?? "")) ? (
        <Select<string>
          aria-label={label}
          value={row.value || undefined}
          allowClear={!terms?.required && { label: t("common.clear") }}
          placeholder={t("create.parameters.notPassed")}
          options={choice.map((value) => ({ value, label: value }))}
          onChange={(value) => (value === undefined ? onChange({ value: "", unset: true }) : put(value))}
        />
      ) : (
        <Input
          className="mono"
          aria-label={label}
          value={row.flag ? "" : row.value}
          disabled={isLocked || row.flag}
          placeholder={
            row.flag ? `--${row.name}` : row.unset ? t("create.parameters.notPassed") : t("create.value")
          }
          {...(isLocked ? { suffix: <LockOutlined aria-hidden /> } : {})}
          {...wrong}
          onChange={(event) => put(event.target.value)}
        />
      )}
      <div className={styles.rowEnd}>
        {terms ? null : (
          <Checkbox
            checked={row.flag}
            title={t("create.parameters.flagHint")}
            onChange={(event) => onChange({ flag: event.target.checked, unset: false })}
          >
            {t("create.parameters.flag")}
          </Checkbox>
        )}
        {terms ? null : <RemoveRow name={row.name} onRemove={onRemove} />}
      </div>
      <Wrong paths={[path]} />
      {said.length > 0 || isLocked ? (
        <div className={styles.hint}>
          {isLocked ? `${t("create.parameters.locked")} ` : ""}
          {said.join(" · ")}
        </div>
      ) : null}
    </li>
  );
}
