import { DeleteOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Input, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Wrong } from "../../create/Field.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import type { Reward, Searched } from "../form/model.ts";

interface RowProps<T> {
  row: T;
  path: string;
  onChange: (change: Partial<T>) => void;
  onRemove: () => void;
}

/** How a control says that it is wrong. */
function useStatus(path: string) {
  const { problemAt } = useEditor();
  return (part: string) =>
    problemAt(`${path}.${part}`) ? { status: "error" as const, "aria-invalid": true as const } : {};
}

function Remove({ name, onRemove }: { name: string; onRemove: () => void }) {
  const { t } = useTranslation();
  return (
    <Button
      type="text"
      icon={<DeleteOutlined />}
      aria-label={t("algorithms.remove", { name })}
      onClick={onRemove}
    />
  );
}

/** A metric that the search reads from the log, and which way is better. */
export function RewardRow({ row, path, onChange, onRemove }: RowProps<Reward>) {
  const { t } = useTranslation();
  const status = useStatus(path);
  const name = row.name || t("algorithms.unnamed");
  return (
    <li className={styles.reward} data-path={path}>
      <Input
        className="mono"
        aria-label={t("algorithms.metricName")}
        placeholder={t("algorithms.metricName")}
        value={row.name}
        {...status("name")}
        onChange={(event) => onChange({ name: event.target.value.trim() })}
      />
      <Segmented<Reward["mode"]>
        aria-label={t("algorithms.better", { name })}
        value={row.mode}
        options={(["max", "min"] as const).map((value) => ({ value, label: t(`algorithms.modes.${value}`) }))}
        onChange={(mode) => onChange({ mode })}
      />
      <Input
        className="mono"
        aria-label={t("algorithms.regexOf", { name })}
        placeholder="accuracy=([0-9.]+)"
        spellCheck={false}
        value={row.regex}
        {...status("regex")}
        onChange={(event) => onChange({ regex: event.target.value })}
      />
      <Remove name={name} onRemove={onRemove} />
      <Wrong paths={[path]} />
    </li>
  );
}

/** A hyperparameter that is searched, and within what. */
export function SearchedRow({
  row,
  path,
  names,
  onChange,
  onRemove,
}: RowProps<Searched> & { names: readonly string[] }) {
  const { t } = useTranslation();
  const status = useStatus(path);
  const name = row.name || t("algorithms.unnamed");
  const bound = (part: "low" | "high" | "points", label: string, field: string) => (
    <Input
      className="mono"
      aria-label={label}
      placeholder={label}
      value={row[part]}
      {...status(field)}
      onChange={(event) => onChange({ [part]: event.target.value.trim() })}
    />
  );
  return (
    <li className={styles.searched} data-path={path}>
      <AutoComplete
        className="mono"
        style={{ height: 32 }}
        aria-label={t("algorithms.parameter")}
        placeholder={t("algorithms.parameter")}
        value={row.name}
        options={names.map((value) => ({ value }))}
        {...status("name")}
        onChange={(text: string) => onChange({ name: (text ?? "").trim() })}
      />
      <Segmented<Searched["kind"]>
        aria-label={t("algorithms.kindOf", { name })}
        value={row.kind}
        options={(["continuous", "discrete"] as const).map((value) => ({
          value,
          label: t(`algorithms.kinds.${value}`),
        }))}
        onChange={(kind) => onChange({ kind })}
      />
      {row.kind === "discrete" ? (
        <Select<string[]>
          mode="tags"
          aria-label={t("algorithms.valuesOf", { name })}
          placeholder={t("algorithms.choicesHint")}
          open={false}
          suffixIcon={null}
          tokenSeparators={[","]}
          value={[...row.values]}
          {...status("discrete_values")}
          onChange={(values) => onChange({ values })}
        />
      ) : (
        <span className={styles.range}>
          {bound("low", t("algorithms.low"), "lower_bound")}–
          {bound("high", t("algorithms.high"), "upper_bound")}
          {bound("points", t("algorithms.points"), "discrete_points_num")}
        </span>
      )}
      <Remove name={name} onRemove={onRemove} />
      <Wrong paths={[path]} />
    </li>
  );
}
