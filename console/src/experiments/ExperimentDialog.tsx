import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, inProject } from "../api/client.ts";
import { LIMITS } from "../create/form/limits.ts";
import { type Described, DescribedFields } from "../shared/DescribedFields.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { type Experiment, experimentsKey } from "./queries.ts";

/** Makes an experiment, or changes what one is called. */
export function ExperimentDialog({
  open,
  experiment,
  workspace = "",
  onClose,
  onMade,
}: {
  open: boolean;
  /** The one that is changed; null makes one. */
  experiment: Experiment | null;
  workspace?: string;
  onClose: () => void;
  onMade?: (id: string) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  async function submit({ name, description }: Described) {
    if (experiment === null) {
      const made = await data(
        api.POST("/v2/{project_id}/training-experiments", {
          params: { path: inProject() },
          body: { metadata: { name, description, ...(workspace ? { workspace_id: workspace } : {}) } },
        }),
      );
      onMade?.(made.metadata.id);
    } else
      await api.PUT("/v2/{project_id}/training-experiments/{experiment_id}", {
        params: { path: inProject({ experiment_id: experiment.metadata.id }) },
        body: { name, description },
      });
    await queries.invalidateQueries({ queryKey: experimentsKey() });
  }
  return (
    <FormDialog<Described>
      title={t(experiment ? "experiments.editTitle" : "experiments.new")}
      open={open}
      onClose={onClose}
      action={t(experiment ? "common.save" : "experiments.create")}
      initial={{
        name: experiment?.metadata.name ?? "",
        description: experiment?.metadata.description ?? "",
      }}
      onSubmit={submit}
    >
      <DescribedFields
        namePattern={LIMITS.experiment}
        nameHint={t("experiments.nameRules")}
        descriptionMax={256}
      />
    </FormDialog>
  );
}
