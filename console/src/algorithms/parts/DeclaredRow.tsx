import { DeleteOutlined, SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Wrong } from "../../create/Field.tsx";
import { TYPES } from "../../create/form/terms.ts";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import type { Declared } from "../form/model.ts";
import { allowedText } from "../names.ts";
import { DeclaredMore } from "./DeclaredMore.tsx";

interface RowProps {
  row: Declared;
  path: string;
  onChange: (change: Partial<Declared>) => void;
  onRemove: () => void;
}

/** One hyperparameter: name, type, default; the rest behind a button, in short below. */
export function DeclaredRow({ row, path, onChange, onRemove }: RowProps) {
  const { t } = useTranslation();
  const { problemAt } = useEditor();
  const [isOpen, setOpen] = useState(false);
  const name = row.name || t("algorithms.unnamed");
  const isMoreWrong = problemAt(`${path}.constraint`, `${path}.description`) !== "";
  const status = (part: string) =>
    problemAt(`${path}.${part}`) ? { status: "error" as const, "aria-invalid": true as const } : {};
  const said = [row.editable ? "" : t("algorithms.fixed"), allowedText(row), row.description].filter(Boolean);
  return (
    <li className={styles.declared} data-path={path}>
      <Input
        className="mono"
        aria-label={t("common.name")}
        placeholder={t("common.name")}
        value={row.name}
        autoFocus={row.name === "" && row.value === ""}
        {...status("name")}
        onChange={(event) => onChange({ name: event.target.value.trim().replace(/^-+/, "") })}
      />
      <Select
        aria-label={t("algorithms.typeOf", { name })}
        value={row.type}
        options={TYPES.map((type) => ({ value: type, label: t(`algorithms.types.${type}`) }))}
        onChange={(type) => onChange({ type, ...(type === row.type ? {} : withoutRange(row, type)) })}
      />
      <Default row={row} name={name} onChange={onChange} isWrong={problemAt(`${path}.value`) !== ""} />
      <div className={styles.rowEnd}>
        <Checkbox checked={row.required} onChange={(event) => onChange({ required: event.target.checked })}>
          {t("algorithms.required")}
        </Checkbox>
        <Button
          type="text"
          icon={<SettingOutlined />}
          aria-label={t("algorithms.moreOf", { name })}
          aria-expanded={isOpen || isMoreWrong}
          onClick={() => setOpen(!isOpen)}
        />
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={t("algorithms.remove", { name })}
          onClick={onRemove}
        />
      </div>
      <Wrong paths={[path]} />
      {isOpen || isMoreWrong ? (
        <DeclaredMore row={row} path={path} onChange={onChange} />
      ) : said.length > 0 ? (
        <div className={styles.hint}>{said.join(" · ")}</div>
      ) : null}
    </li>
  );
}

/** A range is of numbers only. */
function withoutRange(row: Declared, type: Declared["type"]): Partial<Declared> {
  const isNumber = type === "Integer" || type === "Float";
  return row.limit === "range" && !isNumber ? { limit: "none" } : {};
}

function Default({
  row,
  name,
  isWrong,
  onChange,
}: Pick<RowProps, "row" | "onChange"> & { name: string; isWrong: boolean }) {
  const { t } = useTranslation();
  const choices = row.limit === "choice" ? row.choices : row.type === "Boolean" ? ["true", "false"] : [];
  const label = t("algorithms.defaultOf", { name });
  const status = isWrong ? { status: "error" as const, "aria-invalid": true as const } : {};
  const placeholder = row.flag ? `--${row.name}` : t("algorithms.notPassed");
  if (!row.flag && choices.length > 0 && (row.value === "" || choices.includes(row.value)))
    return (
      <Select<string>
        aria-label={label}
        value={row.value || undefined}
        allowClear={{ label: t("common.clear") }}
        placeholder={placeholder}
        {...status}
        options={choices.map((value) => ({ value, label: value }))}
        onChange={(value) => onChange({ value: value ?? "", unset: value === undefined })}
      />
    );
  return (
    <Input
      className="mono"
      aria-label={label}
      value={row.flag ? "" : row.value}
      disabled={row.flag}
      placeholder={placeholder}
      {...status}
      onChange={(event) => onChange({ value: event.target.value, unset: event.target.value === "" })}
    />
  );
}
