import { useQuery } from "@tanstack/react-query";
import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Field } from "../../create/Field.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import type { Strategy } from "../form/model.ts";
import { strategiesQuery } from "../queries.ts";

/** By which search algorithms, each with its settings; what is left empty has the default that is shown. */
export function Strategies({
  chosen,
  path,
  onChange,
}: {
  chosen: readonly Strategy[];
  path: string;
  onChange: (strategies: Strategy[]) => void;
}) {
  const { t } = useTranslation();
  const { problemAt } = useEditor();
  const query = useQuery(strategiesQuery());
  const known = query.data ?? [];
  const names = [...new Set([...known.map((one) => one.name), ...chosen.map((one) => one.name)])];
  function put(name: string, key: string, type: string, value: string) {
    onChange(
      chosen.map((one) => {
        if (one.name !== name) return one;
        const others = one.settings.filter((setting) => setting.key !== key);
        return { ...one, settings: value === "" ? others : [...others, { key, value, type }] };
      }),
    );
  }
  return (
    <>
      <Field path={path} label={t("algorithms.strategies")} hint={t("algorithms.strategiesHint")} optional>
        {(control) => (
          <Select<string[]>
            {...control}
            mode="multiple"
            loading={query.isPending}
            value={chosen.map((one) => one.name)}
            options={names.map((name) => ({ value: name, label: name }))}
            onChange={(list) =>
              onChange(list.map((name) => chosen.find((one) => one.name === name) ?? { name, settings: [] }))
            }
          />
        )}
      </Field>
      {chosen.map((strategy, index) => {
        const described = known.find((one) => one.name === strategy.name);
        return (
          <fieldset key={strategy.name} className={styles.more}>
            <legend className="mono">{strategy.name}</legend>
            {described ? (
              <p className={styles.hint}>
                {t(`algorithms.strategy.${strategy.name}`, described.description)}
              </p>
            ) : null}
            <div className={styles.settings}>
              {(described?.params ?? strategy.settings).map(({ key, value, type }) => {
                const at = strategy.settings.findIndex((one) => one.key === key);
                const isWrong = at >= 0 && problemAt(`${path}[${index}].params[${at}]`) !== "";
                return (
                  <div key={key} className={styles.setting}>
                    <label className="mono" htmlFor={`${strategy.name}-${key}`}>
                      {key}
                    </label>
                    <Input
                      id={`${strategy.name}-${key}`}
                      className="mono"
                      placeholder={described ? value : ""}
                      value={at < 0 ? "" : (strategy.settings[at]?.value ?? "")}
                      {...(isWrong ? { status: "error" as const } : {})}
                      onChange={(event) => put(strategy.name, key, type, event.target.value.trim())}
                    />
                  </div>
                );
              })}
            </div>
          </fieldset>
        );
      })}
    </>
  );
}
