import { useQueryClient } from "@tanstack/react-query";
import { Form } from "antd";
import { useTranslation } from "react-i18next";
import { api, data, inProject } from "../api/client.ts";
import { type Described, DescribedFields } from "../shared/DescribedFields.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { PathInput } from "../shared/ObjectPicker.tsx";
import { nameOf, parseObs } from "../shared/obsPath.ts";
import { useWorkspace } from "../shared/workspace.ts";
import { DESCRIPTION_MAX, NAME, VERSION_NAME } from "./names.ts";
import { type Dataset, type DatasetVersion, datasetsKey } from "./queries.ts";

interface NewValues extends Described {
  path: string;
}

/** Registers a folder as a dataset. */
export function NewDataset({
  open,
  path,
  onClose,
  onMade,
}: {
  open: boolean;
  /** The folder to begin with. */
  path: string;
  onClose: () => void;
  onMade: (dataset: Dataset) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [workspace] = useWorkspace();
  const folder = parseObs(path);
  const suggestion = folder ? nameOf(folder.key) || folder.bucket : "";
  return (
    <FormDialog<NewValues>
      open={open}
      title={t("datasets.new")}
      action={t("datasets.create")}
      initial={{ name: NAME.test(suggestion) ? suggestion : "", path, description: "" }}
      onClose={onClose}
      onSubmit={async (values) => {
        const made = await data(
          api.POST("/v2/{project_id}/datasets", {
            params: { path: inProject() },
            body: {
              dataset_name: values.name,
              description: values.description,
              data_source: { data_path: values.path.trim(), data_type: 0 },
              ...(workspace ? { workspace_id: workspace } : {}),
            },
          }),
        );
        await queries.invalidateQueries({ queryKey: datasetsKey() });
        onMade(made);
      }}
    >
      <DescribedFields namePattern={NAME} nameHint={t("datasets.nameRules")} descriptionMax={DESCRIPTION_MAX}>
        <Form.Item
          name="path"
          label={t("datasets.folder")}
          extra={t("datasets.folderHint")}
          rules={[
            { required: true, message: t("datasets.folderMissing") },
            {
              validator: async (_, value: string) => {
                if (value && !parseObs(value)) throw new Error(t("datasets.folderWrong"));
              },
            },
          ]}
        >
          <PathInput mode="folder" />
        </Form.Item>
      </DescribedFields>
    </FormDialog>
  );
}

/** Changes name and description. */
export function EditDataset({
  dataset,
  open,
  onClose,
}: {
  dataset: Dataset;
  open: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <FormDialog<Described>
      open={open}
      title={t("common.edit")}
      action={t("datasets.save")}
      initial={{ name: dataset.dataset_name, description: dataset.description }}
      onClose={onClose}
      onSubmit={async ({ name, description }) => {
        await api.PUT("/v2/{project_id}/datasets/{dataset_id}", {
          params: { path: inProject({ dataset_id: dataset.dataset_id }) },
          body: { dataset_name: name, description },
        });
        await queries.invalidateQueries({ queryKey: datasetsKey() });
      }}
    >
      <DescribedFields
        namePattern={NAME}
        nameHint={t("datasets.nameRules")}
        descriptionMax={DESCRIPTION_MAX}
      />
    </FormDialog>
  );
}

/** Makes a version of what lies in the folder now. */
export function NewVersion({
  dataset,
  open,
  onClose,
  onMade,
}: {
  dataset: Dataset;
  open: boolean;
  onClose: () => void;
  onMade: (version: DatasetVersion) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const next = `V${String(dataset.next_version_num).padStart(3, "0")}`;
  return (
    <FormDialog<Described>
      open={open}
      title={t("datasets.newVersion")}
      action={t("datasets.create")}
      initial={{ name: next, description: "" }}
      onClose={onClose}
      onSubmit={async ({ name, description }) => {
        const made = await data(
          api.POST("/v2/{project_id}/datasets/{dataset_id}/versions", {
            params: { path: inProject({ dataset_id: dataset.dataset_id }) },
            body: { description, ...(name && name !== next ? { version_name: name } : {}) },
          }),
        );
        await queries.invalidateQueries({ queryKey: datasetsKey() });
        onMade(made);
      }}
    >
      <DescribedFields
        namePattern={VERSION_NAME}
        nameHint={t("datasets.versionRules", { name: next })}
        optionalName
        descriptionMax={DESCRIPTION_MAX}
      />
    </FormDialog>
  );
}
