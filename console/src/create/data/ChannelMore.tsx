import { Checkbox, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { Field } from "../Field.tsx";
import type { Channel } from "../form/model.ts";

/** How the script learns of the channel, where it lies in the container, and what is fetched for an output. */
export function ChannelMore({
  side,
  row,
  path,
  onChange,
}: {
  side: "inputs" | "outputs";
  row: Channel;
  path: string;
  onChange: (change: Partial<Channel>) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={styles.more}>
      <Field path={`${path}.access_method`} label={t("create.data.access")}>
        {(control) => (
          <Select<Channel["access"]>
            {...control}
            value={row.access}
            options={[
              { value: "", label: t("create.data.access_default") },
              { value: "parameter", label: t("create.data.access_parameter", { name: row.name }) },
              { value: "env", label: t("create.data.access_env", { name: row.name }) },
            ]}
            onChange={(access) => onChange({ access })}
          />
        )}
      </Field>
      <Field path={`${path}.local_dir`} label={t("create.data.localDir")}>
        {(control) => (
          <Input
            {...control}
            className="mono"
            value={row.localDir}
            placeholder={t("create.data.localDirNone")}
            onChange={(event) => onChange({ localDir: event.target.value.trim() })}
          />
        )}
      </Field>
      {side === "outputs" ? (
        <div className={styles.sub}>
          <Checkbox checked={row.prefetch} onChange={(event) => onChange({ prefetch: event.target.checked })}>
            {t("create.data.prefetch")}
          </Checkbox>
          <span className={styles.hint}>{t("create.data.prefetchHint")}</span>
        </div>
      ) : null}
    </div>
  );
}
