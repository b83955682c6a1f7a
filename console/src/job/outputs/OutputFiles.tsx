import { DownloadOutlined, FileOutlined, FolderFilled } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { objectAddress } from "../../api/objects.ts";
import { Busy } from "../../shared/Busy.tsx";
import { bytes } from "../../shared/format.ts";
import { Problem } from "../../shared/Problem.tsx";
import { Ago } from "../../shared/Times.tsx";
import { useUrlState } from "../../shared/url.ts";
import { Preview } from "../../storage/Preview.tsx";
import { listingQuery } from "../../storage/queries.ts";
import styles from "./outputs.module.css";

/** The files of one output, folder by folder, with a preview beside; where one is stands in the address. */
export function OutputFiles({ name, path }: { name: string; path: string }) {
  const { t } = useTranslation();
  const [state, set] = useUrlState({ [`${name}.folder`]: "", [`${name}.file`]: "" });
  const folder = state[`${name}.folder`] ?? "";
  const shown = state[`${name}.file`] ?? "";
  const [bucket = "", ...rest] = path.replace(/^obs:\/\//, "").split("/");
  const root = rest.join("/").replace(/([^/])$/, "$1/");
  const query = useInfiniteQuery(listingQuery(bucket, root + folder));
  const rows = query.data ?? [];
  const file = rows.find((row) => row.key === root + folder + shown && !row.isFolder);
  const go = (to: string) => set({ [`${name}.folder`]: to, [`${name}.file`]: "" }, { push: true });
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isPending) return <Busy />;
  return (
    <div className={styles.files} data-previewed={file ? true : undefined}>
      <ul className={styles.list}>
        {folder ? (
          <li>
            <button type="button" className={styles.file} onClick={() => go(folder.replace(/[^/]+\/$/, ""))}>
              <FolderFilled className="quiet" /> ..
            </button>
          </li>
        ) : null}
        {rows.map((row) => (
          <li key={row.key} aria-current={row.key === file?.key || undefined}>
            <button
              type="button"
              className={styles.file}
              onClick={() =>
                row.isFolder
                  ? go(`${folder}${row.name}/`)
                  : set({ [`${name}.file`]: row.name }, { push: true })
              }
            >
              {row.isFolder ? <FolderFilled className="quiet" /> : <FileOutlined className="quiet" />}
              <span className={styles.name}>{row.name}</span>
              {row.isFolder ? null : (
                <>
                  <span className="quiet tabular">{bytes(row.size)}</span>
                  <span className="quiet">
                    <Ago at={row.modifiedAt} />
                  </span>
                </>
              )}
            </button>
          </li>
        ))}
        {rows.length === 0 ? <li className="quiet">{t("job.output.empty")}</li> : null}
        {query.hasNextPage ? (
          <li>
            <Button
              size="small"
              onClick={() => void query.fetchNextPage()}
              loading={query.isFetchingNextPage}
            >
              {t("job.output.more")}
            </Button>
          </li>
        ) : null}
      </ul>
      {file ? (
        <div className={styles.preview}>
          <div className={styles.previewHead}>
            <span className={styles.name}>{file.name}</span>
            <Button
              size="small"
              icon={<DownloadOutlined />}
              href={objectAddress(bucket, file.key)}
              download={file.name}
            >
              {t("job.output.download")}
            </Button>
          </div>
          <Preview
            url={objectAddress(bucket, file.key)}
            name={file.name}
            size={file.size}
            etag={String(file.modifiedAt)}
          />
        </div>
      ) : null}
    </div>
  );
}
