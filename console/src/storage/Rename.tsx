import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { folderOf, isName } from "../shared/obsPath.ts";
import { FolderUse } from "./FolderUse.tsx";
import { copyTo } from "./many.ts";
import { NameDialog } from "./NameDialog.tsx";
import { changed, type Entry } from "./queries.ts";

/** Gives a file or folder another name in its folder. */
export function Rename({
  bucket,
  entry,
  onClose,
  onDone,
}: {
  bucket: string;
  entry: Entry;
  onClose: () => void;
  onDone?: (key: string) => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <NameDialog
      open
      title={t("storage.renameTitle", { name: entry.name })}
      label={t("common.name")}
      action={t("storage.rename")}
      initial={entry.name}
      isValid={(name) => isName(name) && name !== entry.name}
      invalid={t("storage.badName")}
      onClose={onClose}
      run={async (name) => {
        const key = `${folderOf(entry.key)}${name}${entry.isFolder ? "/" : ""}`;
        try {
          await copyTo(
            bucket,
            entry,
            { bucket, key },
            { move: true, overwrite: false },
            () => undefined,
            new AbortController().signal,
          );
          onDone?.(key);
        } finally {
          changed(queries, bucket);
        }
      }}
    >
      <FolderUse bucket={bucket} keys={[entry.key]} what="gone" />
    </NameDialog>
  );
}
