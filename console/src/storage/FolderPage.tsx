import {
  CopyOutlined,
  DeleteOutlined,
  ExportOutlined,
  FolderAddOutlined,
  ReloadOutlined,
} from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import { Busy } from "../shared/Busy.tsx";
import { count } from "../shared/format.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { nameOf, obsUri } from "../shared/obsPath.ts";
import { Page } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { useUrlState } from "../shared/url.ts";
import { useCopyPath } from "./copyPath.ts";
import { Deletion } from "./Deletion.tsx";
import { DropZone } from "./DropZone.tsx";
import styles from "./FolderPage.module.css";
import { Interrupted } from "./Interrupted.tsx";
import { NewFolder } from "./NewFolder.tsx";
import { type EntryAction, ObjectTable } from "./ObjectTable.tsx";
import { type Entry, listingQuery } from "./queries.ts";
import { Relocation } from "./Relocation.tsx";
import { Rename } from "./Rename.tsx";
import { orderOf, orderText, sorted } from "./sorted.ts";
import { Trail } from "./Trail.tsx";
import { UploadButton } from "./UploadButton.tsx";

/** What lies in a folder; files dropped anywhere on it are uploaded. */
export function FolderPage({ bucket, prefix }: { bucket: string; prefix: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const copyPath = useCopyPath();
  const navigate = useNavigate();
  const [url, setUrl] = useUrlState({ q: "", sort: "name" });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<{ action: EntryAction; entries: readonly Entry[] } | null>(null);
  const [isMaking, setMaking] = useState(false);
  const query = useInfiniteQuery(listingQuery(bucket, prefix, url.q));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const order = orderOf(url.sort);
  const rows = useMemo(() => {
    const entries = query.data ?? [];
    return hasNextPage ? entries : sorted(entries, orderOf(url.sort));
  }, [query.data, hasNextPage, url.sort]);
  const present = useMemo(
    () => new Set(rows.flatMap((row) => (chosen.has(row.key) ? row.key : []))),
    [rows, chosen],
  );
  const mayPut = may("obs:object:put");
  const mayDelete = may("obs:object:delete");
  const begin = (action: EntryAction) =>
    setDoing({ action, entries: rows.filter((row) => present.has(row.key)) });
  function act(action: EntryAction, entry: Entry) {
    if (action === "path") copyPath(bucket, entry.key);
    else if (action === "dataset")
      void navigate(`/datasets?${new URLSearchParams({ new: obsUri(bucket, entry.key) })}`);
    else setDoing({ action, entries: [entry] });
  }
  function over(isDone: boolean) {
    setDoing(null);
    if (isDone) setChosen(new Set());
  }
  const tools = mayPut ? (
    <>
      <Button icon={<FolderAddOutlined />} onClick={() => setMaking(true)}>
        {t("storage.newFolder")}
      </Button>
      <UploadButton bucket={bucket} prefix={prefix} primary />
    </>
  ) : null;
  return (
    <Page
      full
      title={prefix ? nameOf(prefix) : bucket}
      above={<Trail bucket={bucket} path={prefix} />}
      aside={
        <Button
          type="text"
          size="small"
          icon={<CopyOutlined />}
          aria-label={t("storage.copyPath")}
          onClick={() => copyPath(bucket, prefix)}
        />
      }
      actions={tools}
    >
      <DropZone bucket={bucket} prefix={prefix} disabled={!mayPut}>
        <Interrupted bucket={bucket} />
        <div className={styles.bar}>
          <SearchField
            value={url.q}
            onSearch={(q) => setUrl({ q })}
            placeholder={t("storage.searchFolder")}
          />
          <span className={`${styles.said} quiet tabular`} aria-live="polite">
            {present.size > 0
              ? t("storage.chosen", { count: present.size, n: count(present.size) })
              : query.data
                ? t(hasNextPage ? "storage.shownMore" : "storage.shown", {
                    count: rows.length,
                    n: count(rows.length),
                  })
                : ""}
          </span>
          {present.size > 0 ? (
            <>
              {mayPut ? (
                <Button icon={<CopyOutlined />} onClick={() => begin("copy")}>
                  {t("storage.copyTo")}
                </Button>
              ) : null}
              {mayPut && mayDelete ? (
                <Button icon={<ExportOutlined />} onClick={() => begin("move")}>
                  {t("storage.moveTo")}
                </Button>
              ) : null}
              {mayDelete ? (
                <Button danger icon={<DeleteOutlined />} onClick={() => begin("delete")}>
                  {t("storage.delete")}
                </Button>
              ) : null}
            </>
          ) : null}
          <Button
            icon={<ReloadOutlined spin={query.isFetching} />}
            aria-label={t("common.refresh")}
            onClick={() => void query.refetch()}
          />
        </div>
        {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isPending ? (
          query.error ? null : (
            <Busy />
          )
        ) : rows.length === 0 && !query.error ? (
          <Nothing
            title={t(url.q ? "storage.noneFound" : "storage.emptyFolder")}
            hint={t(url.q ? "storage.searchHint" : mayPut ? "storage.dropHint" : "storage.emptyHint")}
          />
        ) : (
          <ObjectTable
            bucket={bucket}
            prefix={prefix}
            rows={rows}
            order={order}
            onOrder={hasNextPage ? null : (next) => setUrl({ sort: orderText(next) })}
            chosen={present}
            onChosen={setChosen}
            onEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
            onAct={act}
          />
        )}
      </DropZone>
      <NewFolder open={isMaking} bucket={bucket} prefix={prefix} onClose={() => setMaking(false)} />
      {doing ? <Doing {...doing} bucket={bucket} prefix={prefix} onClose={over} /> : null}
    </Page>
  );
}

/** What is being done to entries, in a dialogue of its own. */
function Doing({
  action,
  entries,
  bucket,
  prefix,
  onClose,
}: {
  action: EntryAction;
  entries: readonly Entry[];
  bucket: string;
  prefix: string;
  onClose: (isDone: boolean) => void;
}) {
  const [first] = entries;
  if (!first) return null;
  if (action === "rename") return <Rename bucket={bucket} entry={first} onClose={() => onClose(false)} />;
  if (action === "delete") return <Deletion bucket={bucket} entries={entries} onClose={onClose} />;
  return (
    <Relocation
      bucket={bucket}
      prefix={prefix}
      entries={entries}
      move={action === "move"}
      onClose={onClose}
    />
  );
}
