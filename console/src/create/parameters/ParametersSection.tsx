import { useTranslation } from "react-i18next";
import { useForm } from "../context.ts";
import { parseEnv } from "../form/paste.ts";
import { mergedPairs } from "./merge.ts";
import { Pairs } from "./Pairs.tsx";
import { ParameterTable } from "./ParameterTable.tsx";
import { PasteButton } from "./PasteButton.tsx";

/** Hyperparameters and environment variables. */
export function ParametersSection() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  return (
    <>
      <ParameterTable />
      <Pairs
        title={t("create.parameters.environments")}
        add={t("create.parameters.addEnvironment")}
        none={t("create.parameters.noEnvironments")}
        path="algorithm.environments"
        rows={form.environments}
        masks
        onChange={(environments) => set({ environments })}
        tools={
          <PasteButton
            label={t("create.parameters.pasteEnv")}
            hint={t("create.parameters.pasteEnvHint")}
            placeholder={"WANDB_MODE=offline\nexport NCCL_DEBUG=INFO"}
            read={parseEnv}
            onRead={(pairs) => set({ environments: mergedPairs(form.environments, pairs) })}
          />
        }
      />
    </>
  );
}
