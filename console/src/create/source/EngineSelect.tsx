import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { useForm } from "../context.ts";
import type { Control } from "../Field.tsx";
import { NO_ENGINE } from "../form/model.ts";
import { enginesQuery } from "../queries.ts";

/** Which preset engine; one that the request calls by another name than any here is shown as it is called. */
export function EngineSelect({ allowNone = false, ...control }: Control & { allowNone?: boolean }) {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const engines = useQuery(enginesQuery());
  const { id, name, version, image } = form.engine;
  const value = id || [name, version].filter(Boolean).join(" ") || undefined;
  const known = (engines.data ?? []).map((engine) => ({
    value: engine.engine_id,
    label: `${engine.engine_name} ${engine.engine_version}`,
    title: engine.description ?? "",
  }));
  const isKnown = value === undefined || known.some((one) => one.value === value);
  return (
    <Select<string>
      {...control}
      value={value}
      loading={engines.isPending}
      allowClear={allowNone && { label: t("common.clear") }}
      showSearch={{ optionFilterProp: "label" }}
      placeholder={t(allowNone ? "create.source.noEngine" : "create.source.engine")}
      options={isKnown ? known : [...known, { value, label: value, title: "" }]}
      onChange={(chosen) =>
        set({ engine: { ...NO_ENGINE, id: chosen ?? "", image: allowNone ? "" : image } })
      }
    />
  );
}
