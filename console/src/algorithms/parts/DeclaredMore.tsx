import { Checkbox, Input, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Field } from "../../create/Field.tsx";
import styles from "../algorithms.module.css";
import { type Declared, LIMITS, type Limit } from "../form/model.ts";

/** What jobs may make of a hyperparameter, and what it is. */
export function DeclaredMore({
  row,
  path,
  onChange,
}: {
  row: Declared;
  path: string;
  onChange: (change: Partial<Declared>) => void;
}) {
  const { t } = useTranslation();
  const isNumber = row.type === "Integer" || row.type === "Float";
  const limits = isNumber ? LIMITS : LIMITS.filter((limit) => limit !== "range");
  return (
    <div className={styles.more}>
      <Field path={`${path}.constraint.valid_range`} label={t("algorithms.limit")}>
        {(control) => (
          <div className={styles.inline}>
            <Segmented<Limit>
              aria-label={t("algorithms.limit")}
              value={row.limit}
              options={limits.map((value) => ({ value, label: t(`algorithms.limits.${value}`) }))}
              onChange={(limit) => onChange({ limit })}
            />
            {row.limit === "range" ? (
              <span className={styles.range}>
                <Input
                  {...control}
                  className="mono"
                  aria-label={t("algorithms.low")}
                  placeholder={t("algorithms.low")}
                  value={row.low}
                  onChange={(event) => onChange({ low: event.target.value.trim() })}
                />
                –
                <Input
                  className="mono"
                  aria-label={t("algorithms.high")}
                  placeholder={t("algorithms.high")}
                  value={row.high}
                  onChange={(event) => onChange({ high: event.target.value.trim() })}
                />
              </span>
            ) : row.limit === "choice" ? (
              <Select<string[]>
                {...control}
                mode="tags"
                className={styles.grow as string}
                aria-label={t("algorithms.choices")}
                placeholder={t("algorithms.choicesHint")}
                open={false}
                suffixIcon={null}
                value={[...row.choices]}
                onChange={(choices) => onChange({ choices })}
              />
            ) : null}
          </div>
        )}
      </Field>
      <Field path={`${path}.description`} label={t("common.description")} optional>
        {(control) => (
          <Input
            {...control}
            value={row.description}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.checks}>
        <Checkbox checked={!row.editable} onChange={(event) => onChange({ editable: !event.target.checked })}>
          {t("algorithms.fixedForJobs")}
        </Checkbox>
        <Checkbox
          checked={row.flag}
          onChange={(event) => onChange({ flag: event.target.checked, unset: !event.target.checked })}
        >
          {t("algorithms.flag", { name: row.name })}
        </Checkbox>
      </div>
    </div>
  );
}
