import { useQuery } from "@tanstack/react-query";
import { AutoComplete } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { scriptsQuery } from "../asking.ts";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { within } from "../form/model.ts";

/** A Python file of the code folder, typed or chosen of those that are there. */
export function BootFile({
  path,
  value,
  onChange,
  optional = false,
  chooses = false,
}: {
  path: string;
  value: string;
  onChange: (value: string) => void;
  optional?: boolean;
  /** Takes the likeliest file when a folder was chosen and none was yet. */
  chooses?: boolean;
}) {
  const { t } = useTranslation();
  const { form } = useForm();
  const scripts = useQuery(scriptsQuery(form.codeDir));
  const chosenFor = useRef(form.codeDir);
  useEffect(() => {
    if (!chooses || chosenFor.current === form.codeDir || scripts.data === undefined) return;
    chosenFor.current = form.codeDir;
    const [first] = scripts.data;
    if (first !== undefined && !optional && !scripts.data.includes(value)) onChange(first);
  }, [chooses, form.codeDir, scripts.data, optional, value, onChange]);
  const isMissing =
    scripts.data !== undefined && value !== "" && value.endsWith(".py") && !scripts.data.includes(value);
  return (
    <Field
      path={path}
      label={t("create.source.bootFile")}
      optional={optional}
      hint={
        isMissing
          ? t("create.source.notThere")
          : scripts.data?.length === 0
            ? t("create.source.noScripts")
            : t("create.source.bootFileHint")
      }
    >
      {(control) => (
        <AutoComplete
          {...control}
          className="mono"
          style={{ width: "100%", height: 32 }}
          value={value}
          placeholder="train.py"
          options={(scripts.data ?? []).slice(0, 200).map((script) => ({ value: script }))}
          showSearch={{ filterOption: (typed, option) => String(option?.value ?? "").includes(typed) }}
          onChange={(typed: string) => onChange(within(form.codeDir, (typed ?? "").trim()))}
        />
      )}
    </Field>
  );
}
