import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { useIsNarrow } from "../../shared/narrow.ts";
import { useForm } from "../context.ts";
import { SOURCES, type Source } from "../form/model.ts";
import { AlgorithmFields } from "./AlgorithmFields.tsx";
import { CommandFields } from "./CommandFields.tsx";
import { PresetFields } from "./PresetFields.tsx";
import { SubscriptionFields } from "./SubscriptionFields.tsx";

const FIELDS = {
  preset: PresetFields,
  command: CommandFields,
  algorithm: AlgorithmFields,
  subscription: SubscriptionFields,
} as const;

/** What the job runs. */
export function SourceSection() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const narrow = useIsNarrow();
  const Fields = FIELDS[form.source];
  return (
    <>
      <Segmented<Source>
        aria-label={t("create.source.kind")}
        block={!narrow}
        vertical={narrow}
        value={form.source}
        options={SOURCES.map((source) => ({ value: source, label: t(`create.source.${source}`) }))}
        onChange={(source) => set({ source })}
      />
      <Fields />
    </>
  );
}
