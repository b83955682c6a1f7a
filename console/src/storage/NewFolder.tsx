import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, inProject } from "../api/client.ts";
import { putObject } from "../api/objects.ts";
import { isBucketName, isName } from "../shared/obsPath.ts";
import { NameDialog } from "./NameDialog.tsx";
import { bucketsQuery, changed } from "./queries.ts";

/** Makes a folder in the folder `prefix`. */
export function NewFolder({
  open,
  bucket,
  prefix,
  onClose,
  onMade,
}: {
  open: boolean;
  bucket: string;
  prefix: string;
  onClose: () => void;
  onMade?: (key: string) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <NameDialog
      open={open}
      title={t("storage.newFolder")}
      label={t("storage.name")}
      action={t("storage.create")}
      isValid={isName}
      invalid={t("storage.badName")}
      onClose={onClose}
      run={async (name) => {
        const key = `${prefix}${name}/`;
        await putObject(bucket, key, new Blob(), { replacing: "" });
        changed(queries, bucket);
        onMade?.(key);
      }}
    />
  );
}

/** Makes a bucket. */
export function NewBucket({
  open,
  onClose,
  onMade,
}: {
  open: boolean;
  onClose: () => void;
  onMade?: (bucket: string) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <NameDialog
      open={open}
      title={t("storage.newBucket")}
      label={t("storage.name")}
      hint={t("storage.bucketRules")}
      action={t("storage.create")}
      isValid={isBucketName}
      invalid={t("storage.bucketRules")}
      onClose={onClose}
      run={async (bucket) => {
        await data(api.PUT("/v1/{project_id}/buckets/{bucket}", { params: { path: inProject({ bucket }) } }));
        await queries.invalidateQueries(bucketsQuery());
        onMade?.(bucket);
      }}
    />
  );
}
