import { FileOutlined, FolderAddOutlined, FolderFilled } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Spin } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session.tsx";
import { Busy } from "../shared/Busy.tsx";
import { bytes } from "../shared/format.ts";
import { Nothing } from "../shared/Nothing.tsx";
import styles from "../shared/ObjectPicker.module.css";
import { Problem } from "../shared/Problem.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { Ago } from "../shared/Times.tsx";
import { Crumbs } from "./Crumbs.tsx";
import { NewBucket, NewFolder } from "./NewFolder.tsx";
import { BucketRows } from "./PickerBuckets.tsx";
import { State } from "./PickerState.tsx";
import { type Entry, listingQuery } from "./queries.ts";
import { UploadButton } from "./UploadButton.tsx";
import { Virtual } from "./Virtual.tsx";

const ROW_HEIGHT = 38;

export interface BodyProps {
  bucket: string;
  prefix: string;
  mode: "file" | "folder";
  /** Key of the chosen file, or "". */
  file: string;
  suffixes?: readonly string[] | undefined;
  onGo: (bucket: string, prefix: string) => void;
  onFile: (key: string) => void;
  /** Chosen with a double click. */
  onPick: (key: string) => void;
}

/** What the picker shows between its title and its buttons. */
export function PickerBody(props: BodyProps) {
  const { bucket, prefix, onGo } = props;
  const { t } = useTranslation();
  const { may } = useSession();
  const [search, setSearch] = useState("");
  const [isMaking, setMaking] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a search is of one folder
  useEffect(() => setSearch(""), [bucket, prefix]);
  const mayMake = may(bucket ? "obs:object:put" : "obs:bucket:create");
  return (
    <div className={styles.picker}>
      <Crumbs
        bucket={bucket}
        path={prefix}
        step={(stop) =>
          stop.isHere ? (
            stop.name
          ) : (
            <button type="button" onClick={() => onGo(stop.bucket, stop.key)}>
              {stop.name}
            </button>
          )
        }
      />
      <div className={styles.bar}>
        <SearchField
          value={search}
          onSearch={setSearch}
          placeholder={t(bucket ? "storage.searchFolder" : "storage.searchBuckets")}
        />
        {mayMake ? (
          <>
            <Button icon={<FolderAddOutlined />} onClick={() => setMaking(true)}>
              {t(bucket ? "storage.newFolder" : "storage.newBucket")}
            </Button>
            {bucket ? <UploadButton bucket={bucket} prefix={prefix} /> : null}
          </>
        ) : null}
      </div>
      {bucket ? <FolderRows {...props} search={search} /> : <BucketRows search={search} onGo={onGo} />}
      {bucket ? (
        <NewFolder
          open={isMaking}
          bucket={bucket}
          prefix={prefix}
          onClose={() => setMaking(false)}
          onMade={(key) => onGo(bucket, key)}
        />
      ) : (
        <NewBucket open={isMaking} onClose={() => setMaking(false)} onMade={(made) => onGo(made, "")} />
      )}
    </div>
  );
}

function FolderRows({
  bucket,
  prefix,
  mode,
  file,
  suffixes,
  search,
  onGo,
  onFile,
  onPick,
}: BodyProps & { search: string }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery(listingQuery(bucket, prefix, search));
  const rows = query.data ?? [];
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const canChoose = (entry: Entry) =>
    mode === "file" && (!suffixes?.length || suffixes.some((suffix) => entry.name.endsWith(suffix)));
  if (query.isPending) return <State>{query.error ? null : <Busy />}</State>;
  if (query.error)
    return (
      <State>
        <Problem error={query.error} onRetry={() => void query.refetch()} />
      </State>
    );
  if (rows.length === 0)
    return (
      <State>
        <Nothing
          title={t(search ? "storage.noneFound" : "storage.emptyFolder")}
          hint={search ? t("storage.searchHint") : undefined}
        />
      </State>
    );
  return (
    <Spin spinning={isFetchingNextPage} delay={300}>
      <Virtual
        rows={rows}
        rowKey={(entry) => entry.key}
        rowHeight={ROW_HEIGHT}
        className={styles.rows}
        label={t("storage.contents")}
        resetKey={`${bucket}/${prefix}${search}`}
        onEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
        render={(entry) =>
          entry.isFolder ? (
            <button type="button" className={styles.row} onClick={() => onGo(bucket, entry.key)}>
              <FolderFilled aria-label={t("storage.folder")} className={styles.folder} />
              <span className={styles.name}>{entry.name}</span>
              <span />
              <span />
            </button>
          ) : (
            <button
              type="button"
              className={styles.row}
              disabled={!canChoose(entry)}
              aria-pressed={entry.key === file}
              onClick={() => onFile(entry.key)}
              onDoubleClick={() => onPick(entry.key)}
            >
              <FileOutlined aria-hidden className={styles.icon} />
              <span className={styles.name}>{entry.name}</span>
              <span className="number quiet">{bytes(entry.size)}</span>
              <span className="number quiet">
                <Ago at={entry.modifiedAt} />
              </span>
            </button>
          )
        }
      />
    </Spin>
  );
}
