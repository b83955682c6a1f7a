import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { type TreeFolder, treeOf } from "./tree.ts";

/** The directories of the container, each with where its content comes from or goes to. */
export function Tree({ folders }: { folders: readonly TreeFolder[] }) {
  const { t } = useTranslation();
  const lines = treeOf(folders);
  if (lines.length === 0) return null;
  return (
    <ul className={styles.tree} aria-label={t("create.side.tree")}>
      {lines.map(({ depth, label, folder }) => (
        <li key={folder?.path ?? `${depth}${label}`} style={{ paddingLeft: depth * 16 }}>
          <span>{label}</span>
          {folder ? (
            <span className={styles.treeFrom}>
              {folder.kind === "output" ? "→" : "←"} {folder.uri || t("create.side.platform")}
              {folder.kind === "output" && folder.fetched && folder.uri
                ? ` (${t("create.side.fetched")})`
                : ""}
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
